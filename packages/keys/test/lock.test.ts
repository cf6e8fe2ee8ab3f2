import { createHash } from 'node:crypto';
import { type Hex, toHex } from '@holdfast/units';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { depositDataRoot, depositSigningRoot } from '../src/lock/deposit.ts';
import { LockError } from '../src/lock/errors.ts';
import { definitionHash, fieldDigests, lockHash } from '../src/lock/hash.ts';
import { formatLock, parseDefinition, parseLock, readLock } from '../src/lock/parse.ts';
import { checkNetwork, nodeIndexOf } from '../src/lock/place.ts';
import { sealLock, signLock, verifyLockPart } from '../src/lock/seal.ts';
import {
  definitionTypedData,
  operatorTypedData,
  type TypedData,
  type VerifyOperatorSignature,
} from '../src/lock/typed-data.ts';
import type { ClusterLock, OperatorSignatures } from '../src/lock/types.ts';
import { verifyLock, verifyOperators } from '../src/lock/verify.ts';
import type { Scalar } from '../src/threshold/scalar.ts';
import { checkShares } from '../src/threshold/split.ts';
import { type Members, membersOf, play } from './support/ceremony.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Stands for EIP-712: bound to the address and to every word of the typed data. */
function sign(address: Hex, data: TypedData): Hex {
  const digest = createHash('sha512').update(address).update(JSON.stringify(data)).digest();
  return toHex(Buffer.concat([digest, Buffer.of(27)]));
}
const byOperator: VerifyOperatorSignature = async (address, data, signature) => sign(address, data) === signature;

function signed(members: Members): Members {
  const { definition } = members;
  const operatorSignatures = definition.operators.map(({ address }, i): OperatorSignatures => {
    return {
      entry: sign(address, operatorTypedData(definition, i + 1)),
      definition: sign(address, definitionTypedData(definition)),
    };
  });
  return { ...members, operatorSignatures };
}

let lock: ClusterLock;
let shares: readonly (readonly Scalar[])[];

beforeAll(() => {
  const base = membersOf(['a', 'b', 'c', 'd'], { depositAmounts: ['1000000000', '32000000000'] });
  const operators = base.definition.operators.map((operator, i) => {
    return { ...operator, multiaddrs: i === 1 ? ['/ip4/127.0.0.1/tcp/3610', '/dns4/b.example/tcp/3610'] : [] };
  });
  const members = signed({ ...base, definition: { ...base.definition, operators } });
  const { results } = play({ seed: 'lock', members });
  lock = results.get(1)!.lock;
  shares = [1, 2, 3, 4].map((party) => results.get(party)!.shares);
});

const copy = (): { [key: string]: Json } => JSON.parse(JSON.stringify(lock));

type Path = readonly (string | number)[];
const pathText = (path: Path) =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('');

function leaves(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, item]) => leaves(item, [...path, key]));
}

function lists(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [...(Array.isArray(value) ? [path] : []), ...entries.flatMap(([key, item]) => lists(item, [...path, key]))];
}

function at(value: Json, path: Path): Json {
  return path.reduce<Json>((inner, key) => (inner as never)[key], value);
}

function put(value: Json, path: Path, item: Json): void {
  const parent = at(value, path.slice(0, -1)) as { [key: string | number]: Json };
  parent[path.at(-1)!] = item;
}

/** Another value of the same form. */
function other(value: Json): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value !== 'string') return value;
  if (!value.startsWith('0x')) return /^\d+$/.test(value) ? `${BigInt(value) + 1n}` : `${value}~`;
  const last = value.at(-1) === '0' ? '1' : '0';
  return `${value.slice(0, -1)}${last}`;
}

async function refusal(value: Json): Promise<LockError> {
  try {
    await verifyLock(readLock(value), byOperator);
  } catch (error) {
    if (error instanceof LockError) return error;
    throw error;
  }
  throw new Error('the lock was taken');
}

describe('a lock', () => {
  it('of a ceremony is true, and comes back from its file as it was', async () => {
    const verified = await verifyLock(parseLock(formatLock(lock)), byOperator);
    expect(verified.lock).toEqual(lock);
    expect(verified.absent).toEqual([]);
    expect(verified.keys.map(({ groupPubkey }) => toHex(groupPubkey.toBytes()))).toEqual(
      lock.validators.map(({ pubkey }) => pubkey),
    );
    expect(parseDefinition(JSON.stringify(lock.definition))).toEqual(lock.definition);
  });

  it('has a hash that does not depend on the order of its fields', () => {
    const reversed = JSON.parse(JSON.stringify(lock), (_key, value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    );
    expect(lockHash(reversed)).toBe(lock.lockHash);
    expect(definitionHash(reversed.definition)).toBe(definitionHash(lock.definition));
  });

  it('sealed by t of n is true, and names who was absent', async () => {
    const parts = [4, 1, 3].map((index) => ({ index, signature: signLock(shares[index - 1]!, lock) }));
    const { absent } = await verifyLock(sealLock(lock, parts), byOperator);
    expect(absent).toEqual([2]);
  });

  it('is signed with every share of a node: one missing or exchanged shows', async () => {
    const { keys } = await verifyLock(lock, byOperator);
    const part = (held: readonly Scalar[]) => ({ index: 2, signature: signLock(held, lock) });
    expect(verifyLockPart(keys, lock, part(shares[1]!))).toBe(true);
    expect(verifyLockPart(keys, lock, part(shares[1]!.slice(1)))).toBe(false);
    expect(verifyLockPart(keys, lock, part(shares[2]!))).toBe(false);
    expect(verifyLockPart(keys, lock, { index: 2, signature: new Uint8Array(96) })).toBe(false);
  });
});

describe('a node that starts with a lock', () => {
  it('finds its place, or is told that it has none', () => {
    const { definition } = lock;
    expect(definition.operators.map(({ identity }) => nodeIndexOf(definition, identity))).toEqual([1, 2, 3, 4]);
    expect(() => nodeIndexOf(definition, `0x${'55'.repeat(32)}`)).toThrow(
      expect.objectContaining({ field: 'definition.operators' }),
    );
  });

  it('refuses another chain', () => {
    const { network } = lock.definition;
    expect(checkNetwork(lock.definition, network)).toBeUndefined();
    const otherRoot = `0x${'77'.repeat(32)}` as never;
    expect(() => checkNetwork(lock.definition, { ...network, genesisValidatorsRoot: otherRoot })).toThrow(
      expect.objectContaining({ field: 'definition.network.genesisValidatorsRoot' }),
    );
    expect(() => checkNetwork(lock.definition, { ...network, genesisForkVersion: '0x00000000' })).toThrow(
      expect.objectContaining({ field: 'definition.network.genesisForkVersion' }),
    );
  });

  it('refuses shares that are not its own', async () => {
    const { keys } = await verifyLock(lock, byOperator);
    expect(checkShares(keys, 2, shares[1]!)).toBeUndefined();
    const wrong = [shares[0]!, shares[1]!.toReversed(), shares[1]!.slice(1), [...shares[1]!, shares[1]![0]!], []];
    for (const held of wrong) {
      expect(() => checkShares(keys, 2, held)).toThrow(expect.objectContaining({ code: 'THRESHOLD_WRONG_SHARE' }));
    }
    expect(() => checkShares(keys, 5, shares[1]!)).toThrow(expect.objectContaining({ code: 'THRESHOLD_WRONG_SHARE' }));
  });
});

describe('tampering', () => {
  it('with any single field is refused, and the field named', async () => {
    const paths = leaves(copy());
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) {
      const tampered = copy();
      put(tampered, path, other(at(tampered, path)));
      const { field } = await refusal(tampered);
      const name = pathText(path);
      // Signers and the aggregate say something only together; a count that fits no list is told by the list.
      const also: Record<string, string> = {
        'definition.validators': 'validators',
        'signers[0]': 'signers',
        'signers[1]': 'signers',
        'signers[2]': 'signers',
        'signers[3]': 'signers[3]',
      };
      expect([name, also[name]], `${name} → ${field}`).toContain(field);
    }
  });

  it('with any single bit of a hash, key or signature too', async () => {
    const hexes = leaves(copy()).filter((path) => String(at(copy(), path)).startsWith('0x'));
    let seed = 1;
    for (const path of hexes) {
      const tampered = copy();
      const bytes = Buffer.from((at(tampered, path) as string).slice(2), 'hex');
      seed = (seed * 48271) % 2147483647;
      bytes[seed % bytes.length]! ^= 1 << (seed % 8);
      put(tampered, path, toHex(bytes));
      expect((await refusal(tampered)).field).toBe(pathText(path));
    }
  });

  it('by adding, removing or exchanging entries of any list is refused', async () => {
    for (const path of lists(copy())) {
      const list = at(copy(), path) as Json[];
      const variants = [list.slice(1), [...list, list[0] ?? 'x'], list.toReversed()].filter(
        (variant) => JSON.stringify(variant) !== JSON.stringify(list),
      );
      for (const variant of variants) {
        const tampered = copy();
        put(tampered, path, variant);
        await refusal(tampered);
      }
    }
  });

  it('by adding or removing a field is refused, and the field named', async () => {
    const objects = [
      [],
      ['definition'],
      ['definition', 'network'],
      ['definition', 'operators', 0],
      ['validators', 1],
      ['operatorSignatures', 2],
    ];
    for (const path of objects) {
      for (const key of Object.keys(at(copy(), path) as object)) {
        const tampered = copy();
        delete (at(tampered, path) as Record<string, Json>)[key];
        expect((await refusal(tampered)).field).toBe(pathText([...path, key]));
      }
      const tampered = copy();
      (at(tampered, path) as Record<string, Json>).extra = 1;
      expect((await refusal(tampered)).field).toBe(pathText([...path, 'extra']));
    }
  });

  it('by one who hashes anew is stopped by signatures', async () => {
    const changed: [(tampered: ClusterLock) => ClusterLock, RegExp][] = [
      [
        (each) => ({ ...each, definition: { ...each.definition, feeRecipient: `0x${'66'.repeat(20)}` } }),
        /operatorSignatures\[0\]\.definition/,
      ],
      [(each) => ({ ...each, definition: { ...each.definition, name: 'another' } }), /operatorSignatures\[0\]\.entry/],
      [
        (each) => ({
          ...each,
          definition: {
            ...each.definition,
            operators: each.definition.operators.with(2, {
              ...each.definition.operators[2]!,
              identity: `0x${'33'.repeat(32)}`,
            }),
          },
        }),
        /operatorSignatures\[0\]\.definition/,
      ],
      [(each) => ({ ...each, transcriptHash: `0x${'44'.repeat(32)}` as never }), /aggregateSignature/],
      [(each) => ({ ...each, validators: each.validators.toReversed() }), /aggregateSignature/],
      [
        (each) => ({
          ...each,
          validators: each.validators.with(0, { ...each.validators[0]!, pubkey: each.validators[1]!.pubkey }),
        }),
        /validators\[0\]/,
      ],
      [
        (each) => ({
          ...each,
          validators: each.validators.with(1, {
            ...each.validators[1]!,
            sharePubkeys: each.validators[0]!.sharePubkeys,
          }),
        }),
        /validators\[1\]/,
      ],
      [(each) => ({ ...each, validators: each.validators.with(1, each.validators[0]!) }), /validators\[1\]\.pubkey/],
      [
        (each) => ({
          ...each,
          validators: each.validators.with(1, { ...each.validators[1]!, deposits: each.validators[0]!.deposits }),
        }),
        /validators\[1\]\.deposits\[0\]\.signature/,
      ],
      [
        (each) => ({
          ...each,
          validators: each.validators.with(0, {
            ...each.validators[0]!,
            deposits: each.validators[0]!.deposits.toReversed(),
          }),
        }),
        /validators\[0\]\.deposits\[0\]\.amount/,
      ],
      [(each) => ({ ...each, signers: [1, 2, 3] }), /aggregateSignature/],
    ];
    for (const [change, field] of changed) {
      const content = change(lock);
      const rehashed = { ...content, lockHash: lockHash(content), fieldDigests: fieldDigests(content) };
      expect((await refusal(rehashed as never)).field).toMatch(field);
    }
  });

  it('an operator who did not sign is named', async () => {
    const { definition, operatorSignatures } = lock;
    const missing = operatorSignatures.slice(0, 3);
    await expect(verifyOperators(definition, missing, byOperator)).rejects.toMatchObject({
      field: 'operatorSignatures[3]',
    });
    const exchanged = operatorSignatures.with(1, operatorSignatures[2]!);
    await expect(verifyOperators(definition, exchanged, byOperator)).rejects.toMatchObject({
      field: 'operatorSignatures[1].entry',
    });
    await expect(verifyOperators(definition, operatorSignatures, byOperator)).resolves.toBeUndefined();
  });
});

describe('strict reading', () => {
  const cases: readonly [string, Path, Json, string][] = [
    ['upper-case hex', ['lockHash'], `0x${'AB'.repeat(32)}`, 'lockHash'],
    ['hex of another length', ['definition', 'feeRecipient'], '0x00', 'definition.feeRecipient'],
    ['a threshold of half', ['definition', 'threshold'], 2, 'definition.threshold'],
    ['a threshold above the nodes', ['definition', 'threshold'], 5, 'definition.threshold'],
    ['a fraction', ['definition', 'generation'], 0.5, 'definition.generation'],
    ['a negative zero', ['definition', 'generation'], -0, 'definition.generation'],
    ['a number as text', ['definition', 'validators'], '2', 'definition.validators'],
    ['an amount with a leading zero', ['definition', 'depositAmounts', 0], '01', 'definition.depositAmounts[0]'],
    ['an amount beyond 64 bits', ['definition', 'depositAmounts', 0], `${2n ** 64n}`, 'definition.depositAmounts[0]'],
    ['a name with a control character', ['definition', 'name'], 'a\u001b[2Jb', 'definition.name'],
    ['a name that is turned around', ['definition', 'name'], 'a\u202eb', 'definition.name'],
    ['an empty name', ['definition', 'name'], '', 'definition.name'],
    ['another version', ['version'], 'holdfast/lock/2', 'version'],
    ['null', ['definition'], null, 'definition'],
    ['a list for an object', ['definition', 'network'], [], 'definition.network'],
    ['an object for a list', ['validators'], {}, 'validators'],
    ['signers out of order', ['signers'], [2, 1, 3, 4], 'signers'],
    ['signers twice', ['signers'], [1, 1, 2, 3], 'signers'],
    ['too few signers', ['signers'], [1, 2], 'signers'],
  ];

  it.each(cases)('%s', (_name, path, value, field) => {
    const changed = copy();
    put(changed, path, value);
    expect(() => readLock(changed)).toThrow(expect.objectContaining({ code: 'KEYS_LOCK', field }));
  });

  it('two nodes of one identity', () => {
    const changed = copy();
    put(changed, ['definition', 'operators', 3, 'identity'], lock.definition.operators[0]!.identity);
    expect(() => readLock(changed)).toThrow(expect.objectContaining({ field: 'definition.operators[3].identity' }));
  });

  it('what is no JSON, or too long to be a lock', () => {
    expect(() => parseLock('{')).toThrow(/is not JSON/);
    expect(() => parseLock(' '.repeat(49 * 2 ** 20))).toThrow(/longer than/);
  });

  it('of any JSON either gives a lock or names a field', () => {
    const runs = process.env.HOLDFAST_DEEP === '1' ? 20_000 : 400;
    const text = formatLock(lock);
    const read = (input: string) => {
      try {
        expect(parseLock(input)).toEqual(JSON.parse(input));
      } catch (error) {
        expect(error).toBeInstanceOf(LockError);
      }
    };
    fc.assert(fc.property(fc.json(), read), { seed: 1, numRuns: runs });
    const edit = fc.tuple(fc.nat(text.length - 1), fc.nat(6), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(edit, ([from, length, put_]) => read(text.slice(0, from) + put_ + text.slice(from + length))),
      { seed: 2, numRuns: runs },
    );
    const paths = leaves(copy());
    fc.assert(
      fc.property(fc.nat(paths.length - 1), fc.jsonValue(), (i, value) => {
        const changed = copy();
        put(changed, paths[i]!, value as Json);
        read(JSON.stringify(changed));
      }),
      { seed: 3, numRuns: runs },
    );
  });
});

describe('deposits', () => {
  it('have the roots of the consensus specification', () => {
    // Computed with the specification's containers (hash_tree_root of DepositMessage and DepositData, compute_domain).
    const message = {
      pubkey: `0x${'01'.repeat(48)}` as never,
      withdrawalCredentials: `0x02${'00'.repeat(11)}${'ab'.repeat(20)}` as Hex,
      amount: 32_000_000_000n,
    };
    expect(toHex(depositSigningRoot(message, '0x10000038'))).toBe(
      '0x8a2f21e31d184d67a3f90a50ec7f702e7239fbea62be0f691f10bbfde3a38179',
    );
    expect(depositDataRoot(message, `0x${'02'.repeat(96)}`)).toBe(
      '0x1708484b47178560d177f2e82fa66412065f05c85734596761c939911bb2c476',
    );
  });
});

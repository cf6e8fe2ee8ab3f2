import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtectionError } from '../src/errors.ts';
import { parseInterchange } from '../src/interchange/parse.ts';
import { GENESIS } from './support/inline.ts';

const PUBKEY = `0x${'AB'.repeat(48)}`;
const RUNS = process.env.HOLDFAST_DEEP === '1' ? 50_000 : 1_500;
const SEED = 38;

const metadata = { interchange_format_version: '5', genesis_validators_root: GENESIS };
const fileOf = (data: unknown): unknown => ({ metadata, data });
const keyOf = (blocks: unknown, attestations: unknown = []): unknown =>
  fileOf([{ pubkey: PUBKEY, signed_blocks: blocks, signed_attestations: attestations }]);
const parse = (file: unknown) => parseInterchange(file, GENESIS);

describe('an interchange file', () => {
  it('is read with keys in any case, put together where a key comes twice', async () => {
    const entry = { pubkey: PUBKEY, signed_blocks: [{ slot: '1' }], signed_attestations: [] };
    const again = {
      ...entry,
      pubkey: PUBKEY.toLowerCase().replace('0X', '0x'),
      signed_blocks: [{ slot: '2', signing_root: null }],
    };
    const [key, ...others] = await parse(JSON.stringify(fileOf([entry, again])));
    expect(others).toEqual([]);
    expect(key).toEqual({
      pubkey: `0x${'ab'.repeat(48)}`,
      blocks: [
        { slot: 1n, root: null },
        { slot: 2n, root: null },
      ],
      attestations: [],
    });
  });

  it('passes over fields that the standard does not know', async () => {
    const block = { slot: '18446744073709551615', signing_root: GENESIS, extra: 1 };
    const [key] = await parse({
      metadata: { ...metadata, by: 'x' },
      data: [{ pubkey: PUBKEY, signed_blocks: [block], signed_attestations: [], x: {} }],
      y: 1,
    });
    expect(key!.blocks).toEqual([{ slot: 2n ** 64n - 1n, root: Buffer.alloc(32, 0x9e) }]);
  });

  it.each([
    ['file', []],
    ['file', null],
    ['metadata', {}],
    ['metadata.interchange_format_version', { metadata: { ...metadata, interchange_format_version: '4' }, data: [] }],
    ['metadata.interchange_format_version', { metadata: { ...metadata, interchange_format_version: 5 }, data: [] }],
    ['metadata.genesis_validators_root', { metadata: { ...metadata, genesis_validators_root: '0x00' }, data: [] }],
    ['data', { metadata }],
    ['data[1]', fileOf([{ pubkey: PUBKEY, signed_blocks: [], signed_attestations: [] }, 7])],
    ['data[0].pubkey', fileOf([{ pubkey: `${PUBKEY}00`, signed_blocks: [], signed_attestations: [] }])],
    ['data[0].pubkey', fileOf([{ pubkey: PUBKEY.replace('A', 'g'), signed_blocks: [], signed_attestations: [] }])],
    ['data[0].signed_blocks', keyOf(undefined)],
    ['data[0].signed_attestations', keyOf([], {})],
    ['data[0].signed_blocks[0]', keyOf(['1'])],
    ['data[0].signed_blocks[1].slot', keyOf([{ slot: '1' }, { slot: 1 }])],
    ['data[0].signed_blocks[0].slot', keyOf([{ slot: '01' }])],
    ['data[0].signed_blocks[0].slot', keyOf([{ slot: '-1' }])],
    ['data[0].signed_blocks[0].slot', keyOf([{ slot: '1e3' }])],
    ['data[0].signed_blocks[0].slot', keyOf([{ slot: '18446744073709551616' }])],
    ['data[0].signed_blocks[0].slot', keyOf([{ slot: '9'.repeat(1000) }])],
    ['data[0].signed_blocks[0].signing_root', keyOf([{ slot: '1', signing_root: '0x' }])],
    ['data[0].signed_blocks[0].signing_root', keyOf([{ slot: '1', signing_root: 0 }])],
    ['data[0].signed_attestations[0].source_epoch', keyOf([], [{ target_epoch: '1' }])],
    ['data[0].signed_attestations[0].target_epoch', keyOf([], [{ source_epoch: '1', target_epoch: '' }])],
  ])('is refused by the name of the place: %s', async (path, file) => {
    await expect(parse(file)).rejects.toMatchObject({ code: 'PROTECTION_INTERCHANGE', data: { path } });
  });

  it('is refused when it is of another network, or no JSON', async () => {
    const other = { metadata: { ...metadata, genesis_validators_root: `0x${'00'.repeat(32)}` }, data: [] };
    await expect(parse(other)).rejects.toMatchObject({ code: 'PROTECTION_GENESIS' });
    const text = '{"metadata": "secret words"';
    const error = await parse(text).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'PROTECTION_INTERCHANGE' });
    expect((error as Error).message).not.toContain('secret');
  });

  it('of any size lets the event loop breathe', async () => {
    const attestations = Array.from({ length: 200_000 }, (_, epoch) => ({
      source_epoch: `${epoch}`,
      target_epoch: `${epoch + 1}`,
    }));
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    const [key] = await parse(keyOf([], attestations));
    clearInterval(timer);
    expect(key!.attestations.length).toBe(200_000);
    expect(turns).toBeGreaterThan(4);
  });
});

const digits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const signed = { signing_root: fc.option(fc.constantFrom(GENESIS, `0x${'00'.repeat(32)}`), { nil: undefined }) };
const valid = fc.record({
  metadata: fc.constant(metadata),
  data: fc.array(
    fc.record({
      pubkey: fc.constantFrom(PUBKEY, `0x${'01'.repeat(48)}`),
      signed_blocks: fc.array(fc.record({ slot: digits, ...signed }), { maxLength: 3 }),
      signed_attestations: fc.array(fc.record({ source_epoch: digits, target_epoch: digits, ...signed }), {
        maxLength: 3,
      }),
    }),
    { maxLength: 3 },
  ),
});

/** A valid file with something else at one of its places. */
const spoilt = fc
  .tuple(valid, fc.nat(), fc.oneof(fc.anything(), digits, fc.constant(GENESIS)))
  .map(([file, at, value]) => {
    const copy = structuredClone(file) as unknown;
    const places: [Record<string, unknown>, string][] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const name of Object.keys(node)) {
        places.push([node as Record<string, unknown>, name]);
        walk((node as Record<string, unknown>)[name]);
      }
    };
    walk(copy);
    const [node, name] = places[at % places.length]!;
    node[name] = value;
    return copy;
  });

describe(`whatever is given to the parser (seed ${SEED})`, () => {
  it('a valid file is read whole', async () => {
    await fc.assert(
      fc.asyncProperty(valid, async (file) => {
        const keys = await parse(JSON.stringify(file));
        const count = (of: 'signed_blocks' | 'signed_attestations') =>
          file.data.reduce((n, key) => n + key[of].length, 0);
        expect(keys.reduce((n, { blocks }) => n + blocks.length, 0)).toBe(count('signed_blocks'));
        expect(keys.reduce((n, { attestations }) => n + attestations.length, 0)).toBe(count('signed_attestations'));
        expect(keys.map(({ pubkey }) => pubkey)).toEqual([
          ...new Set(file.data.map(({ pubkey }) => pubkey.toLowerCase())),
        ]);
      }),
      { numRuns: RUNS / 5, seed: SEED },
    );
  });

  it.each([
    ['anything at all', fc.anything()],
    ['any text', fc.oneof(fc.string(), fc.json())],
    ['a valid file with one place spoilt', spoilt],
  ])('%s is read, or refused with a reason', async (_name, arbitrary: fc.Arbitrary<unknown>) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (input) => {
        const result = await parse(input).catch((error: unknown) => error);
        if (Array.isArray(result)) {
          for (const { pubkey, blocks, attestations } of result) {
            expect(pubkey).toMatch(/^0x[0-9a-f]{96}$/);
            for (const { slot } of blocks) expect(slot >= 0n && slot < 2n ** 64n).toBe(true);
            for (const { source, target } of attestations) expect(source >= 0n && target < 2n ** 64n).toBe(true);
          }
        } else expect(result).toBeInstanceOf(ProtectionError);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

import { aggregateSignatures, fastAggregateVerify, SecretKey, Signature, verify } from '@chainsafe/blst';
import bls from 'bls-eth-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadThresholdKey, type ThresholdKey } from '../src/threshold/key.ts';
import { badPartials, type PartialSignature, partialSign, verifyPartial } from '../src/threshold/partial.ts';
import { combineSignatures } from '../src/threshold/points.ts';
import { recoverSignature, recoverVerified } from '../src/threshold/recover.ts';
import { combineScalars, randomScalar, type Scalar } from '../src/threshold/scalar.ts';
import { thresholdScheme } from '../src/threshold/scheme.ts';
import { combineShares, splitKey } from '../src/threshold/split.ts';
import { sample, seededBytes, seededNumbers } from './support/random.ts';

const SEED = 'recover';
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Fixture {
  readonly secret: Scalar;
  readonly shares: readonly Scalar[];
  readonly key: ThresholdKey;
  readonly root: Uint8Array;
  readonly partials: readonly PartialSignature[];
  readonly whole: Uint8Array;
}

function fixture(threshold: number, nodes: number, label = SEED): Fixture {
  const random = seededBytes(`${label} ${threshold}/${nodes}`);
  const secret = randomScalar(random);
  const scheme = thresholdScheme(threshold, nodes);
  const { shares, groupPubkey, sharePubkeys } = splitKey(secret, scheme, random);
  const root = random(32);
  return {
    secret,
    shares,
    key: loadThresholdKey(scheme, groupPubkey, sharePubkeys),
    root,
    partials: shares.map((share, i) => ({ index: i + 1, signature: partialSign(share, root) })),
    whole: SecretKey.fromBytes(secret).sign(root).toBytes(),
  };
}

/** A point of the curve that is not in the group G2: nearly every x that has a y. */
function strayPoint(): Uint8Array {
  for (let x = 1; x < 100; x += 1) {
    const bytes = new Uint8Array(96);
    bytes[0] = 0x80;
    bytes[95] = x;
    try {
      Signature.fromBytes(bytes, false);
      return bytes;
    } catch {
      // No point has this x.
    }
  }
  throw new Error('no stray point');
}

describe('any t of n sign as the whole key does', () => {
  it('every three of four, in any order', () => {
    const { key, partials, whole, root } = fixture(3, 4);
    for (const [a, b, c] of [
      [0, 1, 2],
      [0, 1, 3],
      [0, 2, 3],
      [1, 2, 3],
      [3, 2, 1],
      [2, 0, 1],
    ] as const) {
      expect(hex(recoverSignature(key.scheme, [partials[a]!, partials[b]!, partials[c]!]))).toBe(hex(whole));
    }
    expect(verify(root, key.groupPubkey, Signature.fromBytes(whole, true))).toBe(true);
  });

  it.each([
    [1, 1],
    [2, 2],
    [2, 3],
    [5, 7],
    [7, 10],
    [9, 13],
    [16, 31],
  ])('%i of %i, sets of chance', (threshold, nodes) => {
    const { key, partials, whole, shares, secret } = fixture(threshold, nodes);
    const below = seededNumbers(`${SEED} sets ${nodes}`);
    for (let i = 0; i < 6; i += 1) {
      const set = sample(partials, threshold, below);
      expect(hex(recoverSignature(key.scheme, set))).toBe(hex(whole));
      const held = new Map(set.map(({ index }) => [index, shares[index - 1]!]));
      expect(hex(combineShares(key.scheme, held))).toBe(hex(secret));
    }
  });

  it('t − 1 shares with any other value in the missing place give another signature', () => {
    const { key, partials, whole } = fixture(3, 4);
    const stranger = fixture(3, 4, 'stranger').partials[2]!;
    expect(hex(recoverSignature(key.scheme, [partials[0]!, partials[1]!, stranger]))).not.toBe(hex(whole));
  });
});

describe('agrees with bls-eth-wasm', () => {
  beforeAll(() => bls.init(bls.BLS12_381));

  it.each([
    [3, 4],
    [5, 7],
    [7, 10],
  ])('%i of %i', (threshold, nodes) => {
    const { key, partials, whole, shares, secret, root } = fixture(threshold, nodes);
    const below = seededNumbers(`${SEED} wasm ${nodes}`);
    const set = sample(partials, threshold, below);
    const ids = set.map(({ index }) => {
      const id = new bls.Id();
      id.setInt(index);
      return id;
    });
    // Its recovery ends at the constant term; the key is the scale times that.
    const signature = new bls.Signature();
    signature.recover(
      set.map((partial) => bls.deserializeHexStrToSignature(hex(partial.signature))),
      ids,
    );
    const constant = Signature.fromBytes(signature.serialize(), true);
    expect(hex(combineSignatures([constant], [key.scheme.scale]).toBytes())).toBe(hex(whole));

    const recovered = new bls.SecretKey();
    recovered.recover(
      set.map(({ index }) => bls.deserializeHexStrToSecretKey(hex(shares[index - 1]!))),
      ids,
    );
    expect(hex(combineScalars([{ scalar: recovered.serialize(), factor: key.scheme.scale }]))).toBe(hex(secret));

    const group = bls.deserializeHexStrToPublicKey(hex(key.groupPubkey.toBytes()));
    const ours = bls.deserializeHexStrToSignature(hex(recoverSignature(key.scheme, set)));
    expect(group.verify(ours, root)).toBe(true);
  });
});

describe('recovery finds who lies', () => {
  const { key, root, partials, whole, shares } = fixture(5, 7);
  const other = seededBytes('other root')(32);
  const random = seededBytes('lies');
  const lies: readonly [string, (index: number) => Uint8Array][] = [
    ['signs another message', (index) => partialSign(shares[index - 1]!, other)],
    ['sends another’s partial signature', (index) => partials[index % 7]!.signature],
    ['signs with a key of its own', () => partialSign(randomScalar(random), root)],
    ['sends infinity', () => Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0))],
    ['sends a point outside the group', strayPoint],
    ['sends garbage', () => random(96)],
    ['sends too little', (index) => partials[index - 1]!.signature.slice(0, 95)],
    ['sends the uncompressed form', (index) => Signature.fromBytes(partials[index - 1]!.signature).toBytes(false)],
    ['sends nothing', () => new Uint8Array()],
  ];

  it.each(lies)('one that %s', (_name, lie) => {
    for (const liar of [1, 4]) {
      const sent = partials.map((partial) =>
        partial.index === liar ? { index: liar, signature: lie(liar) } : partial,
      );
      const { signature, culprits } = recoverVerified(key, root, sent);
      expect(hex(signature!)).toBe(hex(whole));
      expect(culprits).toEqual([liar]);
      expect(badPartials({ key, signingRoot: root, partials: sent })).toEqual([liar]);
    }
  });

  it('two of seven', () => {
    const sent = partials.map((partial) => (partial.index <= 2 ? { ...partial, signature: random(96) } : partial));
    const { signature, culprits } = recoverVerified(key, root, sent);
    expect(hex(signature!)).toBe(hex(whole));
    expect(culprits).toEqual([1, 2]);
  });

  it('three of seven leave no signature, and are named', () => {
    const sent = partials.map((partial) => (partial.index <= 3 ? { ...partial, signature: random(96) } : partial));
    expect(recoverVerified(key, root, sent)).toEqual({ signature: undefined, culprits: [1, 2, 3] });
  });

  it('too few are simply too few', () => {
    expect(recoverVerified(key, root, partials.slice(0, 4))).toEqual({ signature: undefined, culprits: [] });
    expect(recoverVerified(key, root, [])).toEqual({ signature: undefined, culprits: [] });
    const repeated = Array.from({ length: 5 }, () => partials[0]!);
    expect(recoverVerified(key, root, repeated).signature).toBeUndefined();
  });

  it('a second partial of one node neither counts nor hurts', () => {
    const bad = { index: 1, signature: random(96) };
    expect(hex(recoverVerified(key, root, [...partials.slice(0, 5), bad]).signature!)).toBe(hex(whole));
    const { signature, culprits } = recoverVerified(key, root, [bad, ...partials.slice(0, 5)]);
    expect(hex(signature!)).toBe(hex(whole));
    expect(culprits).toEqual([1]);
  });

  it.each([0, 8, -1, 1.5, Number.NaN])('an index of %d belongs to nobody', (index) => {
    const stray = { index, signature: partials[0]!.signature };
    expect(verifyPartial(key, root, stray)).toBe(false);
    expect(hex(recoverVerified(key, root, [stray, ...partials]).signature!)).toBe(hex(whole));
    expect(badPartials({ key, signingRoot: root, partials: [stray, ...partials] })).toEqual([index]);
  });

  it('two lies that cancel out are both found, where a plain sum believes them', () => {
    const shift = SecretKey.fromBytes(randomScalar(random)).sign(root);
    const [first, second] = partials.map(({ signature }) => Signature.fromBytes(signature, true));
    const sent = [
      { index: 1, signature: combineSignatures([first!, shift], [1n, 1n]).toBytes() },
      { index: 2, signature: combineSignatures([second!, shift], [1n, -1n]).toBytes() },
    ];
    const sum = aggregateSignatures(sent.map(({ signature }) => Signature.fromBytes(signature, true)));
    expect(fastAggregateVerify(root, key.sharePubkeys.slice(0, 2), sum)).toBe(true);
    expect(badPartials({ key, signingRoot: root, partials: sent })).toEqual([1, 2]);
  });

  it('good ones are all good', () => {
    expect(badPartials({ key, signingRoot: root, partials })).toEqual([]);
    expect(badPartials({ key, signingRoot: root, partials: [] })).toEqual([]);
  });
});

describe('the public side of a key', () => {
  const { key } = fixture(3, 4);
  const group = key.groupPubkey.toBytes();
  const shares = key.sharePubkeys.map((pubkey) => pubkey.toBytes());
  const stranger = fixture(3, 4, 'stranger').key;

  it.each([0, 1, 2, 3])('refuses another share %i', (i) => {
    const changed = shares.with(i, stranger.sharePubkeys[i]!.toBytes());
    expect(() => loadThresholdKey(key.scheme, group, changed)).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_KEY_MISMATCH' }),
    );
  });

  it('refuses exchanged shares, another group, too many and too few', () => {
    const refused = expect.objectContaining({ code: 'THRESHOLD_KEY_MISMATCH' });
    expect(() => loadThresholdKey(key.scheme, group, shares.toReversed())).toThrow(refused);
    expect(() => loadThresholdKey(key.scheme, stranger.groupPubkey.toBytes(), shares)).toThrow(refused);
    expect(() => loadThresholdKey(key.scheme, group, shares.slice(1))).toThrow(refused);
    expect(() => loadThresholdKey(key.scheme, group, [...shares, shares[0]!])).toThrow(refused);
  });

  it('refuses what is no public key', () => {
    const refused = expect.objectContaining({ code: 'THRESHOLD_PUBKEY' });
    const infinity = Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0xc0 : 0));
    for (const bad of [infinity, new Uint8Array(48), key.groupPubkey.toBytes(false), new Uint8Array()]) {
      expect(() => loadThresholdKey(key.scheme, bad, shares)).toThrow(refused);
      expect(() => loadThresholdKey(key.scheme, group, shares.with(2, bad))).toThrow(refused);
    }
  });
});

it('refuses to split or sign with what is no secret key, and shows nothing of it', () => {
  const scheme = thresholdScheme(3, 4);
  const bad = new Uint8Array(32).fill(0xee);
  for (const attempt of [() => splitKey(bad, scheme, seededBytes('x')), () => partialSign(bad, new Uint8Array(32))]) {
    expect(attempt).toThrow(expect.objectContaining({ code: 'KEYS_SECRET' }));
    expect(attempt).not.toThrow(/eeee/);
  }
});

import { bls12_381 } from '@noble/curves/bls12-381.js';
import * as wasm from 'bls-eth-wasm';
import { describe, expect, test } from 'vitest';
import {
  aggregatePubkeys,
  aggregateSignatures,
  checkedPubkey,
  KeyRing,
  KeysPointError,
  KeysSecretError,
  publicKeyOf,
  secretFromEntropy,
  sign,
  verifyAggregate,
  verifySignature,
} from '../src/index.ts';
import { testKey, testKeys, testRoot, testSecret } from './support/keys.ts';

const DST = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_';
const noble = bls12_381.longSignatures;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('against independent implementations', () => {
  test('@noble/curves gives the same public keys and signatures', () => {
    for (let index = 0; index < 4; index += 1) {
      const secret = testSecret(index);
      expect(publicKeyOf(secret)).toBe(`0x${noble.getPublicKey(secret).toHex(true)}`);
      const signature = noble.Signature.toBytes(noble.sign(noble.hash(testRoot(index), DST), secret));
      expect(hex(sign(secret, testRoot(index)))).toBe(hex(signature));
    }
  });

  test('bls-eth-wasm gives the same, and accepts what the ring signs', async () => {
    await wasm.init(wasm.BLS12_381);
    const ring = await KeyRing.create({ threads: 1 });
    try {
      ring.add(testKeys(8));
      for (let index = 0; index < 8; index += 1) {
        const secret = wasm.deserializeHexStrToSecretKey(hex(testSecret(index)));
        const { pubkey } = testKey(index);
        const signature = await ring.sign(pubkey, testRoot(index));
        expect(`0x${secret.getPublicKey().serializeToHexStr()}`).toBe(pubkey);
        expect(hex(signature)).toBe(secret.sign(testRoot(index)).serializeToHexStr());
        const key = wasm.deserializeHexStrToPublicKey(pubkey.slice(2));
        expect(key.verify(wasm.deserializeHexStrToSignature(hex(signature)), testRoot(index))).toBe(true);
      }
    } finally {
      await ring.close();
    }
  });
});

describe('verification', () => {
  const { pubkey } = testKey(0);
  const signature = sign(testSecret(0), testRoot(0));

  test('holds for this key, root and signature, and for no other', () => {
    expect(verifySignature(pubkey, testRoot(0), signature)).toBe(true);
    expect(verifySignature(pubkey, testRoot(1), signature)).toBe(false);
    expect(verifySignature(testKey(1).pubkey, testRoot(0), signature)).toBe(false);
    expect(verifySignature(pubkey, testRoot(0), sign(testSecret(1), testRoot(0)))).toBe(false);
  });

  test('is false for what is malformed or infinite', () => {
    const infinity = (bytes: number) => Uint8Array.of(0xc0, ...new Uint8Array(bytes - 1));
    for (const bad of [new Uint8Array(0), new Uint8Array(96), signature.slice(1), infinity(96)]) {
      expect(verifySignature(pubkey, testRoot(0), bad)).toBe(false);
    }
    expect(verifySignature(`0x${hex(infinity(48))}` as typeof pubkey, testRoot(0), infinity(96))).toBe(false);
    expect(verifySignature(pubkey, new Uint8Array(31), signature)).toBe(false);
  });

  test('of aggregates: all keys over one root', () => {
    const keys = testKeys(3);
    const all = aggregateSignatures(keys.map(({ secret }) => sign(secret, testRoot(5))));
    const pubkeys = keys.map((key) => key.pubkey);
    expect(verifyAggregate(pubkeys, testRoot(5), all)).toBe(true);
    expect(verifyAggregate(pubkeys.slice(1), testRoot(5), all)).toBe(false);
    expect(verifyAggregate([], testRoot(5), all)).toBe(false);
    expect(verifySignature(aggregatePubkeys(pubkeys), testRoot(5), all)).toBe(true);
    expect(() => aggregateSignatures([])).toThrow(KeysPointError);
    expect(() => aggregateSignatures([new Uint8Array(96)])).toThrow(KeysPointError);
    expect(() => aggregatePubkeys([])).toThrow(KeysPointError);
  });
});

describe('what is no secret or public key', () => {
  const order = '73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001';

  test.each(['00'.repeat(32), order, 'ff'.repeat(32), '01', ''])('secret %s', (text) => {
    const secret = Buffer.from(text, 'hex');
    expect(() => publicKeyOf(secret)).toThrow(KeysSecretError);
    expect(() => sign(secret, testRoot(0))).toThrow(KeysSecretError);
    try {
      publicKeyOf(secret);
    } catch (error) {
      if (text.length > 2) expect(JSON.stringify(error) + String(error)).not.toContain(text);
    }
  });

  test('points: off the curve, infinity, wrong length', () => {
    const infinity = Uint8Array.of(0xc0, ...new Uint8Array(47));
    for (const bad of [new Uint8Array(48), infinity, new Uint8Array(47)]) {
      expect(() => checkedPubkey(bad)).toThrow(KeysPointError);
    }
    expect(checkedPubkey(Buffer.from(testKey(0).pubkey.slice(2), 'hex'))).toBe(testKey(0).pubkey);
  });

  test('entropy that is too short', () => {
    expect(() => secretFromEntropy(new Uint8Array(31))).toThrow(KeysSecretError);
  });
});

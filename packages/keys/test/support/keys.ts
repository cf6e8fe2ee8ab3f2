import type { NewKey } from '../../src/index.ts';
import { publicKeyOf, secretFromEntropy } from '../../src/index.ts';

const entropyOf = (index: number): Uint8Array => {
  const entropy = new Uint8Array(32);
  new DataView(entropy.buffer).setUint32(0, index + 1);
  return entropy;
};

/** The same key for the same index, always; a fresh array each time, for it may be zeroed. */
export function testSecret(index: number): Uint8Array {
  return secretFromEntropy(entropyOf(index));
}

export function testKey(index: number): NewKey {
  const secret = testSecret(index);
  return { pubkey: publicKeyOf(secret), secret, description: `validator ${index}`, path: `m/12381/3600/${index}/0/0` };
}

export const testKeys = (count: number, from = 0): NewKey[] =>
  Array.from({ length: count }, (_, index) => testKey(from + index));

export const testRoot = (index: number): Uint8Array => entropyOf(index);

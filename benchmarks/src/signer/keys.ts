import { createHash } from 'node:crypto';
import { type KeyPair, publicKeyOf } from '@holdfast/keys';
import type { Root } from '@holdfast/units';

/** The chain of the benchmark. */
export const GENESIS_VALIDATORS_ROOT = `0x${'42'.repeat(32)}` as Root;

/** The same keys in every process. */
export function keyPairs(count: number): KeyPair[] {
  return Array.from({ length: count }, (_, at) => {
    const secret = new Uint8Array(createHash('sha256').update(`bench ${at}`).digest());
    secret[0] = 0;
    return { pubkey: publicKeyOf(secret), secret };
  });
}

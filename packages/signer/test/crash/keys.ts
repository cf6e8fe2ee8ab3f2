import { publicKeyOf } from '@holdfast/keys';
import type { Root } from '@holdfast/units';

/** The chain of the crash tests. */
export const GENESIS_VALIDATORS_ROOT = `0x${'42'.repeat(32)}` as Root;

/** The same keys in every process: two, so that every round has conflicts. */
export const KEYS = [1, 2].map((n) => {
  const secret = new Uint8Array(32).fill(n, 20);
  return { secret, pubkey: publicKeyOf(secret) };
});

import { createHash } from 'node:crypto';

/** The scenario's validator keys: known to everybody, the same in each run. Below the BLS12-381 group order. */
export function secretKeyOf(number: number): Uint8Array {
  const digest = createHash('sha256').update(`holdfast scenario validator ${number}`).digest();
  digest[0] = digest[0]! & 0x3f;
  return new Uint8Array(digest);
}

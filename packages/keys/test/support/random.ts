import { createHash } from 'node:crypto';
import type { RandomBytes } from '../../src/threshold/scalar.ts';

/** Bytes that are the same for the same seed: SHA-256 in counter mode. */
export function seededBytes(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) {
      blocks.push(createHash('sha256').update(`${seed}/${counter}`).digest());
      counter += 1;
    }
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

/** Whole numbers below `below`, the same for the same seed. */
export function seededNumbers(seed: string): (below: number) => number {
  const bytes = seededBytes(seed);
  return (below) => Buffer.from(bytes(4)).readUInt32BE() % below;
}

/** As many different members of `items` as asked for, in an order of chance. */
export function sample<T>(items: readonly T[], count: number, below: (limit: number) => number): T[] {
  const left = [...items];
  return Array.from({ length: count }, () => left.splice(below(left.length), 1)[0]!);
}

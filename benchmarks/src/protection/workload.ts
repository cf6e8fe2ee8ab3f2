import { createHash } from 'node:crypto';
import type { Duty } from '@holdfast/protection';
import type { Pubkey, Root } from '@holdfast/units';

/** A slot of 100,000 validators: 3,125 attestations at once. Four such batches are an epoch of these keys. */
export const BATCH = 3_125;
export const KEYS = 12_500;
export const GENESIS = `0x${'9e'.repeat(32)}` as Root;

export const PUBKEYS: readonly Pubkey[] = Array.from(
  { length: KEYS },
  (_, index) => `0x${createHash('sha384').update(`key ${index}`).digest('hex')}` as Pubkey,
);

/** Batch after batch of attestations, each key once an epoch, with signing roots that differ. */
export function batches(count: number, firstEpoch: bigint): Duty[][] {
  const perEpoch = KEYS / BATCH;
  return Array.from({ length: count }, (_, batch) => {
    const targetEpoch = firstEpoch + BigInt(Math.floor(batch / perEpoch));
    const from = (batch % perEpoch) * BATCH;
    return PUBKEYS.slice(from, from + BATCH).map((pubkey, index) => ({
      kind: 'attestation',
      pubkey,
      sourceEpoch: targetEpoch - 1n,
      targetEpoch,
      signingRoot: `0x${createHash('sha256')
        .update(`${targetEpoch} ${from + index}`)
        .digest('hex')}` as Root,
    }));
  });
}

/** How many a second over all batches: what comes seldom, such as folding the log, is in it. */
export async function ratePerSecond(
  all: readonly (readonly Duty[])[],
  store: (batch: readonly Duty[]) => void | Promise<void>,
): Promise<number> {
  const start = performance.now();
  for (const batch of all) await store(batch);
  return (all.length * BATCH * 1000) / (performance.now() - start);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

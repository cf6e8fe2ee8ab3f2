import { expect } from 'vitest';
import { type InterchangeLike, slashableIn, slashablePairs } from '../slashable.ts';
import type { Life, Span } from './Life.ts';
import { historyIn } from './NodeRun.ts';
import { epochOf } from './PoolChain.ts';

/** How far behind the head finality may be: two epochs when all goes well. */
const FINALITY_LAG = 3;
/** A tenth of a slot. */
const LATE_MS_MAX = 100;
/** Whatever the machine does meanwhile. */
const GIVEN_PART_MIN = 0.75;
const OWED_EPOCHS_MIN = 4;

/** Whether each epoch had its votes and its finality. */
export function auditEpochs({ epochs, firstEpoch, pauses, indices }: Life): void {
  const rows = epochs.rows.filter(({ epoch }) => epoch >= firstEpoch);
  for (const { epoch, live: votes, finalizedEpoch, lateMs } of rows) {
    console.log(`epoch ${epoch}: votes ${votes.map(Number).join('')}, final ${finalizedEpoch}, late ${lateMs} ms`);
  }
  expect(rows.map(({ epoch }) => epoch)).toEqual(rows.map((_, i) => firstEpoch + i));
  const isPaused = (epoch: number): boolean =>
    pauses.some(({ from, to }: Span) => epochOf(from) <= epoch && epoch <= epochOf(to));
  const owed = rows.filter(({ epoch }) => !isPaused(epoch));
  // Where the machine had no time for the chain itself, it had none for the nodes either.
  const inTime = owed.filter(({ lateMs }) => lateMs <= LATE_MS_MAX);
  expect(inTime.filter(({ live: votes }) => votes.includes(false))).toEqual([]);
  const given = owed.flatMap(({ live: votes }) => votes);
  expect(given.length).toBeGreaterThanOrEqual(OWED_EPOCHS_MIN * indices.length);
  expect(given.filter(Boolean).length / given.length).toBeGreaterThanOrEqual(GIVEN_PART_MIN);
  expect(rows.filter(({ epoch, finalizedEpoch }) => finalizedEpoch < epoch - FINALITY_LAG)).toEqual([]);
}

/** Whether anything that anybody could ever have seen of the validators is slashable, or was slashed. */
export async function auditPublished({ chain, indices }: Life): Promise<void> {
  const { witness, devnet } = chain;
  const ours = ({ signer }: { readonly signer: string }): boolean => indices.includes(Number(signer));
  expect(witness.votes.filter(ours).length).toBe(witness.votes.length);
  expect(witness.proposals.filter(ours).length).toBe(witness.proposals.length);
  expect(witness.proposals.length).toBeGreaterThan(0);
  expect(slashablePairs(witness.votes, witness.proposals)).toEqual([]);
  for (const index of indices) {
    expect(await chain.validator(index)).toMatchObject({ status: 'active_ongoing', slashed: false });
  }
  expect(devnet.state.slashings.getAll().filter((gwei) => gwei > 0n)).toEqual([]);
}

/** Whether each share kept its own memory: nothing slashable in it, and nothing lost that was there when it was killed. */
export async function auditShares({ nodes, heirs, memories, legacies }: Life): Promise<void> {
  for (const { directory } of [...nodes, ...heirs]) {
    const history = await historyIn(directory);
    expect(history.data.flatMap(({ signed_attestations: votes }) => votes).length).toBeGreaterThan(0);
    expect(slashableIn(history)).toEqual([]);
    for (const memory of memories.filter((one) => one.directory === directory)) expectKept(memory.history, history);
    for (const legacy of legacies.filter((one) => one.directory === directory)) expect(history).toEqual(legacy.history);
  }
}

function expectKept(before: InterchangeLike, after: InterchangeLike): void {
  for (const { pubkey, signed_attestations, signed_blocks } of before.data) {
    const kept = after.data.find((each) => each.pubkey === pubkey)!;
    expect(kept.signed_attestations).toEqual(expect.arrayContaining([...signed_attestations]));
    expect(kept.signed_blocks).toEqual(expect.arrayContaining([...signed_blocks]));
  }
}

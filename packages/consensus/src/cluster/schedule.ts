import { ConsensusConfigError } from '../errors.ts';
import type { DutyType } from './duties.ts';
import { faultyMax } from './quorum.ts';

/** Rounds are numbered 1 … ROUND_MAX. They double in length, so the last ends after days, not within a duty. */
export const ROUND_MAX = 24;

/**
 * When rounds end, in milliseconds after the slot's start. Every node computes the same times whenever it began, so late
 * starters and skewed clocks fall into step instead of chasing each other.
 */
export interface RoundSchedule {
  /** When the first round ends. */
  readonly firstEndMs: number;
  /** How long each of the eager rounds after the first lasts: enough for one agreement, no more. */
  readonly eagerMs: number;
  /** How many rounds follow the first at that pace; after them each lasts twice as long as the one before. */
  readonly eagerRounds: number;
  /** How much longer a round lasts for a node that has accepted a proposal in it: its votes may be on the way. */
  readonly graceMs: number;
}

/** Where a node begins a duty by the consensus specs at 12 s slots, and how long its first leader has. */
const STARTS_12S: Readonly<Record<DutyType, { readonly dueMs: number; readonly firstMs: number }>> = {
  attester: { dueMs: 4000, firstMs: 1000 },
  syncMessage: { dueMs: 4000, firstMs: 1000 },
  aggregator: { dueMs: 8000, firstMs: 1000 },
  syncContribution: { dueMs: 8000, firstMs: 1000 },
  // RANDAO shares and the block itself come first: proposals reach agreement 1 to 1.5 s into the slot.
  proposer: { dueMs: 0, firstMs: 1500 },
};
const EAGER_MS = 500;
const GRACE_MS = 250;
/** All leaders but the last of f + 1 may be dead, and the last must still decide a proposal by 3 s. */
const EAGER_SPAN_MS = 1000;

/**
 * The rounds of a duty for a cluster of `n`, `slotMs` long slots. With f leaders dead in a row, round f + 1 begins at
 * most 2.5 s into a slot of 12 s for proposals, and 2 s after the duty is due for the others. `dueMs` moves a duty that
 * a fork moves.
 */
export function roundSchedule(duty: DutyType, n: number, slotMs = 12_000, dueMs?: number): RoundSchedule {
  const scale = slotMs / 12_000;
  const start = STARTS_12S[duty];
  const eagerRounds = Math.max(1, faultyMax(n));
  const eagerMs = Math.min(EAGER_MS, EAGER_SPAN_MS / Math.max(1, eagerRounds - 1)) * scale;
  return checkedSchedule({
    firstEndMs: (dueMs ?? start.dueMs * scale) + start.firstMs * scale,
    eagerMs,
    eagerRounds,
    graceMs: Math.min(GRACE_MS * scale, eagerMs / 2),
  });
}

export function checkedSchedule(schedule: RoundSchedule): RoundSchedule {
  const { firstEndMs, eagerMs, eagerRounds, graceMs } = schedule;
  const wrong = [firstEndMs, eagerMs, graceMs].some((ms) => !Number.isFinite(ms) || ms < 0) || eagerMs === 0;
  if (wrong || !Number.isInteger(eagerRounds) || eagerRounds < 0)
    throw new ConsensusConfigError('a round schedule must go forward', { data: { ...schedule } });
  return schedule;
}

/** When `round` ends, in milliseconds after the slot's start; with `accepted` a proposal is in and its votes get grace. */
export function roundEndMs(schedule: RoundSchedule, round: number, accepted = false): number {
  const { firstEndMs, eagerMs, eagerRounds, graceMs } = schedule;
  const after = round - 1;
  const eager = Math.min(after, eagerRounds);
  const doubled = after - eager;
  const end = firstEndMs + eagerMs * eager + eagerMs * (2 ** (doubled + 1) - 2);
  return end + (accepted ? graceMs : 0);
}

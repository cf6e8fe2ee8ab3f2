import { type Action, action, type StartReason } from '../action.ts';
import { isInFlight } from '../inFlight.ts';
import type { CheckpointFacts, Observation, ValidatorRecord } from '../observation.ts';
import { awaitsCount, isGone, isLive, onBeacon } from '../validators.ts';
import { isSeenGone } from './slashings.ts';

export interface CheckpointPlan {
  readonly actions: readonly Action[];
  /** A start is due: nothing may be funded before it. */
  readonly startsNow: boolean;
}

/**
 * start ─▶ open ─▶ resolve deposits in flight ─▶ prove balances, batch by batch ─▶ finish
 *   ▲                                                                               │
 *   └──────────── due, asked for, or in place of one that did not finish ◀──────────┘
 */
export function planCheckpoint(observation: Observation): CheckpointPlan {
  const { phase, remaining, startSlot } = observation.pool.checkpoint;
  const finish = action({ kind: 'finishCheckpoint' });
  // A whole count is worth more than a younger one not begun, unless it cannot be finished.
  if (phase === 'opened' && remaining === 0 && !observation.resting.has(finish.key)) {
    return work(observation.slot < startSlot + FINISH_AFTER_SLOTS ? [] : [finish]);
  }
  const reason = startReason(observation);
  if (reason !== null) return planStart(observation, reason);
  if (phase === 'idle' || !observation.checkpoint) return work([]);
  if (phase === 'started') return work([action({ kind: 'openCheckpoint' })]);
  return work(planCounting(observation, observation.checkpoint));
}

const work = (actions: readonly Action[]): CheckpointPlan => ({ actions, startsNow: false });

/** `BalanceCheckpoint.FINISH_AFTER_SLOTS`. */
const FINISH_AFTER_SLOTS = 2;
/** What a checkpoint of a pool without validators must be worth: a thousandth of an ether. */
const UNREPORTED_WEI_MIN = 10n ** 15n;

/** Why a checkpoint should start now; null when it should or may not. */
function startReason(observation: Observation): StartReason | null {
  const { now, pool, rules } = observation;
  const { checkpoint } = pool;
  if (checkpoint.phase !== 'idle') {
    return now >= checkpoint.startedAt + rules.checkpointTimeoutS ? 'replace' : null;
  }
  if (now < checkpoint.startedAt + rules.checkpointMinIntervalS) return null;
  if (waitsForEvidence(observation)) return null;
  if (pool.lastRequestId > pool.payableId) return 'requests';
  const live = pool.validators.filter(isLive);
  if (live.some((record) => needsCountForSettlement(observation, record))) return 'slashing';
  if (live.some((record) => needsCountToLeave(observation, record))) return 'leaving';
  // Without validators nothing changes the worth of a share but cash that came: a bond that paid, a late withdrawal.
  const worthProving = live.length > 0 || pool.unreportedWei >= UNREPORTED_WEI_MIN;
  return worthProving && now >= checkpoint.startedAt + rules.checkpointEveryS ? 'due' : null;
}

/**
 * A slashed validator's balance came back and nobody has shown it yet: until then the bond's part does not count
 * (`SlashingEnforcer.valueOf`), and a checkpoint in between would let the rate fall for nothing. Evidence goes first, but
 * no checkpoint waits for ever for one that is not to be had.
 */
function waitsForEvidence(observation: Observation): boolean {
  const { now, pool, rules } = observation;
  if (now >= pool.checkpoint.startedAt + rules.checkpointEveryS + rules.checkpointTimeoutS) return false;
  return pool.validators.some((record) => {
    const validator = record.status === 'slashed' ? onBeacon(observation, record) : undefined;
    if (!validator || !isGone(observation, validator) || record.balanceGwei === 0n) return false;
    return record.slashing?.recoveredGwei === 0n && now < record.slashing.settleableFrom;
  });
}

/** Gone from the beacon chain, and no checkpoint has seen it so: the settlement waits for one. */
function needsCountForSettlement(observation: Observation, record: ValidatorRecord): boolean {
  const validator = record.status === 'slashed' ? onBeacon(observation, record) : undefined;
  if (!validator || !isGone(observation, validator)) return false;
  return !isSeenGone(observation, record) || record.inFlightGwei !== 0n;
}

/** Gone from the beacon chain with a deposit that no checkpoint has seen land. */
function needsCountToLeave(observation: Observation, record: ValidatorRecord): boolean {
  const validator = record.status === 'exiting' ? onBeacon(observation, record) : undefined;
  return validator !== undefined && isGone(observation, validator) && record.inFlightGwei !== 0n;
}

function planStart(observation: Observation, reason: StartReason): CheckpointPlan {
  const start = action({ kind: 'startCheckpoint', reason });
  // A funding that lands behind the start in its block would be refused there.
  const wait = isInFlight(observation, 'fund');
  return { actions: wait ? [] : [start], startsNow: !observation.resting.has(start.key) };
}

function planCounting(observation: Observation, facts: CheckpointFacts): Action[] {
  const { pool } = observation;
  const uncounted = pool.validators
    .filter((record) => awaitsCount(observation, record))
    .sort((a, b) => a.index - b.index);
  const unresolved = uncounted.filter(({ ordinal }) => facts.deposits.has(ordinal) && !facts.resolved.has(ordinal));
  const ready = uncounted.filter((record) => !unresolved.includes(record));
  const counting = isInFlight(observation, 'proveBalances') ? [] : batches(observation, ready);
  return [...unresolved.flatMap(({ ordinal }) => resolving(facts, ordinal)), ...counting];
}

function resolving({ deposits }: CheckpointFacts, ordinal: number): Action[] {
  const where = deposits.get(ordinal);
  if (where === undefined || where === 'unknown') return [];
  return [action({ kind: where === 'pending' ? 'resolvePending' : 'resolveLanded', ordinal })];
}

function batches({ rules, resting }: Observation, records: readonly ValidatorRecord[]): Action[] {
  const size = rules.balancesPerBatchMax;
  const count = Math.ceil(records.length / size);
  return Array.from({ length: count }, (_, i) => records.slice(i * size, (i + 1) * size)).flatMap((batch) =>
    split(
      batch.map(({ ordinal }) => ordinal),
      resting,
    ),
  );
}

/** A batch that failed is halved, so that the validator at fault ends up alone and the others are counted. */
function split(ordinals: readonly number[], resting: ReadonlySet<string>): Action[] {
  const whole = action({ kind: 'proveBalances', ordinals });
  if (ordinals.length < 2 || !resting.has(whole.key)) return [whole];
  const middle = Math.ceil(ordinals.length / 2);
  return [...split(ordinals.slice(0, middle), resting), ...split(ordinals.slice(middle), resting)];
}

import { type Action, action } from '../action.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';
import { awaitsCount, onBeacon } from '../validators.ts';

/** The proofs of the faults: nothing comes before them. */
export function decideSlashings(observation: Observation): Action[] {
  return observation.pool.validators
    .filter((record) => isUnprovenSlashing(observation, record))
    .map(({ ordinal }) => action({ kind: 'proveSlashing', ordinal }));
}

/** Evidence of what was there before and of what came back, then the bond. */
export function decideSettlements(observation: Observation): Action[] {
  const slashed = observation.pool.validators.filter(({ status }) => status === 'slashed');
  return slashed.flatMap((record) => decideSettlement(observation, record));
}

/** Slashed on the beacon chain, and the pool does not know. */
export function isUnprovenSlashing(observation: Observation, record: ValidatorRecord): boolean {
  const { status } = record;
  return (status === 'funded' || status === 'exiting') && (onBeacon(observation, record)?.slashed ?? false);
}

/** Evidence first: after the settlement it counts no more. */
function decideSettlement(observation: Observation, record: ValidatorRecord): Action[] {
  const { ordinal, slashing } = record;
  if (!slashing) return [];
  const facts = observation.slashings.get(ordinal);
  const evidence: Action[] = [];
  if (facts && facts.referenceSlot !== null && facts.referenceSlot > slashing.referenceSlot) {
    evidence.push(action({ kind: 'proveReference', ordinal, slot: facts.referenceSlot }));
  }
  for (const { withdrawalIndex, slot } of facts?.unprovenWithdrawals ?? []) {
    evidence.push(action({ kind: 'proveRecovery', ordinal, withdrawalIndex, slot }));
  }
  const complete = facts?.searched === true && evidence.length === 0;
  const from = slashing.settleableFrom + (complete ? 0 : observation.rules.evidenceGraceS);
  return isSettleable(observation, record, from) ? [...evidence, action({ kind: 'settle', ordinal })] : evidence;
}

function isSettleable(observation: Observation, record: ValidatorRecord, from: number): boolean {
  if (!isSeenGone(observation, record) || record.inFlightGwei !== 0n) return false;
  return !awaitsCount(observation, record) && observation.now >= from;
}

/** A checkpoint has seen the slashed validator's balance at zero, after it was withdrawable (`SlashingEnforcer.settle`). */
export function isSeenGone({ rules }: Observation, { balanceGwei, balanceSlot, slashing }: ValidatorRecord): boolean {
  if (!slashing || balanceGwei !== 0n) return false;
  return Math.floor(balanceSlot / rules.slotsPerEpoch) >= slashing.withdrawableEpoch;
}

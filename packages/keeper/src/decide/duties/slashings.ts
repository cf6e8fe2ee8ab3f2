import { type Action, action } from '../action.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';
import { awaitsCount, onBeacon } from '../validators.ts';

/** From the fault to its settlement: proof, evidence of what was there before and of what came back, the bond. */
export function decideSlashings(observation: Observation): Action[] {
  return observation.pool.validators.flatMap((record) => {
    switch (record.status) {
      case 'funded':
      case 'exiting':
        return onBeacon(observation, record)?.slashed ? action({ kind: 'proveSlashing', ordinal: record.ordinal }) : [];
      case 'slashed':
        return decideSettlement(observation, record);
      default:
        return [];
    }
  });
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

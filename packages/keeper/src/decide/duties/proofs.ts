import { type Action, action } from '../action.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';
import { awaitsCount, isExiting, isGone, onBeacon } from '../validators.ts';

/** What the beacon chain shows of a validator's life and the ledger does not know yet. */
export function decideProofs(observation: Observation): Action[] {
  return observation.pool.validators.flatMap((record) => proofOf(observation, record) ?? []);
}

function proofOf(observation: Observation, record: ValidatorRecord): Action | null {
  const validator = onBeacon(observation, record);
  const { ordinal } = record;
  if (!validator) return null;
  switch (record.status) {
    case 'predeposited':
      return action({ kind: 'proveCredentials', ordinal });
    case 'proven':
      // Slashed or leaving before it was funded: the proof rejects it, and the next one gets its turn.
      return validator.slashed || isExiting(validator) ? action({ kind: 'proveCredentials', ordinal }) : null;
    case 'funded':
      // A slashing also sets the exit epoch; its own proof says more.
      return isExiting(validator) && !validator.slashed ? action({ kind: 'proveExit', ordinal }) : null;
    case 'exiting': {
      const settled = record.inFlightGwei === 0n && !awaitsCount(observation, record);
      const gone = isGone(observation, validator) && !validator.slashed;
      // An older state than the one last counted shows nothing: deposits may have come since.
      const young = record.balanceSlot <= (observation.beacon?.slot ?? 0);
      return gone && settled && young ? action({ kind: 'proveWithdrawn', ordinal }) : null;
    }
    default:
      return null;
  }
}

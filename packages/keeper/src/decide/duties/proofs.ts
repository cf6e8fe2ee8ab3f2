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
    case 'funded':
      // A slashing also sets the exit epoch; its own proof says more.
      return isExiting(validator) && !validator.slashed ? action({ kind: 'proveExit', ordinal }) : null;
    case 'exiting': {
      const settled = record.inFlightGwei === 0n && !awaitsCount(observation, record);
      const gone = isGone(observation, validator) && !validator.slashed;
      return gone && settled ? action({ kind: 'proveWithdrawn', ordinal }) : null;
    }
    default:
      return null;
  }
}

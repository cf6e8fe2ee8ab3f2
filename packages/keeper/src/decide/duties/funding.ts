import { WEI_PER_GWEI } from '@holdfast/units';
import { type Action, action } from '../action.ts';
import { isInFlight } from '../inFlight.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';
import { isExiting, onBeacon } from '../validators.ts';
import { isUnprovenSlashing } from './slashings.ts';

/**
 * Funds the proven validator whose turn it is, one a block: each funding changes the cash and the turn of the next.
 * The turn is the ledger's: from its cursor on, the lowest ordinal whose operator may stake; those behind the cursor were
 * passed over, and may come any time.
 */
export function decideFunding(observation: Observation): Action[] {
  const { pool, rules } = observation;
  if (pool.stakeableWei < rules.fundingGwei * WEI_PER_GWEI) return [];
  if (isInFlight(observation, 'fund')) return [];
  const { phase, startSlot } = pool.checkpoint;
  if (phase !== 'idle' && startSlot >= observation.slot) return []; // refused in a start's own slot
  const willing = pool.validators.filter(
    ({ status, operatorId }) => status === 'proven' && pool.operators.get(operatorId)?.mayStake,
  );
  const inTurn = willing.find(({ ordinal }) => ordinal >= pool.fundCursor);
  const next = willing.find(
    (record) => (record === inTurn || record.ordinal < pool.fundCursor) && isSafeToFund(observation, record),
  );
  return next ? [action({ kind: 'fund', ordinal: next.ordinal })] : [];
}

/**
 * The pool's money must not follow a validator that is slashed, or leaving: such a deposit would lie idle for weeks. Nor
 * an operator whose slashing is being proven: that proof lands first, and bars it.
 */
function isSafeToFund(observation: Observation, record: ValidatorRecord): boolean {
  const validator = onBeacon(observation, record);
  if (validator === undefined || validator.slashed || isExiting(validator)) return false;
  return !observation.pool.validators.some(
    (other) => other.operatorId === record.operatorId && isUnprovenSlashing(observation, other),
  );
}

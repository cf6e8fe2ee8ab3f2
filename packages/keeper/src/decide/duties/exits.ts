import { WEI_PER_GWEI } from '@holdfast/units';
import { type Action, action } from '../action.ts';
import { isInFlight } from '../inFlight.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';
import { isExiting, onBeacon, provenEpoch } from '../validators.ts';

/** EIP-7002, MAX_WITHDRAWAL_REQUESTS_PER_BLOCK: more would only wait in the contract and raise the fee. */
const EXITS_PER_BLOCK_MAX = 16;

/** Asks the beacon chain for exits (EIP-7002): all of a frozen operator's, and in turn when the queue is short. */
export function decideExits(observation: Observation): Action[] {
  const { pool, rules } = observation;
  // The fee falls by itself while nobody pays it, so waiting is what helps.
  if (pool.requestFeeWei === null || pool.requestFeeWei > rules.requestFeeCapWei) return [];
  const frozen = pool.validators
    .filter((record) => isFrozen(observation, record) && canAsk(observation, record))
    .slice(0, EXITS_PER_BLOCK_MAX);
  const asked = frozen.map(({ ordinal }) => action({ kind: 'requestExit', ordinal, reason: 'frozen' }));
  const coming = frozen
    .filter((_, i) => !observation.resting.has(asked[i]!.key))
    .reduce((sum, { balanceGwei, exitExpectedGwei }) => sum + balanceGwei - exitExpectedGwei, 0n);
  return [...asked, ...decideTurn(observation, coming)];
}

/**
 * One a block: each lowers the shortfall and moves the turn.
 *
 * @param comingGwei what is asked for in the same answer, by others' exits: what they bring is not called for twice
 */
function decideTurn(observation: Observation, comingGwei: bigint): Action[] {
  const { pool } = observation;
  if (isInFlight(observation, 'requestExit')) return [];
  const funded = pool.validators.filter(({ status }) => status === 'funded');
  const inTurn = funded.find(({ ordinal, exitAskedAt }) => ordinal >= pool.exitCursor && exitAskedAt === 0);
  const chosen = funded.find(
    (record) =>
      // Those behind the cursor were passed over (or asked before), and may come any time.
      (record === inTurn || record.ordinal < pool.exitCursor || record.exitAskedAt !== 0) &&
      isShortWithout(observation, record, comingGwei) &&
      !isFrozen(observation, record) &&
      canAsk(observation, record),
  );
  return chosen ? [action({ kind: 'requestExit', ordinal: chosen.ordinal, reason: 'queue' })] : [];
}

/** Whether the queue needs more than is at hand and coming; what was asked of this one, in vain as it seems, left out. */
function isShortWithout({ pool }: Observation, { exitExpectedGwei }: ValidatorRecord, comingGwei: bigint): boolean {
  return pool.wantedWei > pool.comingWei + (comingGwei - exitExpectedGwei) * WEI_PER_GWEI;
}

const isFrozen = ({ pool }: Observation, { operatorId }: ValidatorRecord): boolean =>
  pool.operators.get(operatorId)?.frozen ?? false;

/**
 * The beacon chain drops a request for a validator that is not active for long enough, or leaving already: the fee would
 * be lost, and the ledger would count on cash that does not come.
 */
function canAsk(observation: Observation, record: ValidatorRecord): boolean {
  const { beacon, now, rules } = observation;
  if (record.status !== 'funded' || (record.exitAskedAt !== 0 && now < record.exitAskedAt + rules.exitRetryS))
    return false;
  const validator = onBeacon(observation, record);
  if (!validator || !beacon || isExiting(validator)) return false;
  return validator.activationEpoch + BigInt(beacon.shardCommitteePeriod) <= provenEpoch(observation);
}

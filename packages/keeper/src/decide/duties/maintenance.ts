import { type Action, action } from '../action.ts';
import type { Observation, ValidatorRecord } from '../observation.ts';

/** Validators that the ledger has to step over before its turns are moved on: a few hundred make a call dear. */
const STEPS_MIN = 200;
/** In one call; at about 5,000 gas each. */
const STEPS_MAX = 1_000;
/** Provisions raised in one call (`SlashingEnforcer.RAISED_AT_ONCE`). */
const RAISED_AT_ONCE = 64;

/** Keeps calls small that would grow with the pool, and provisions up to date where one proof could not raise them all. */
export function decideMaintenance(observation: Observation): Action[] {
  return [...raises(observation), ...turns(observation)];
}

function raises({ pool }: Observation): Action[] {
  return [...pool.operators].flatMap(([operatorId, { lowProvisions }]) =>
    Array.from({ length: Math.ceil(lowProvisions / RAISED_AT_ONCE) }, (_, i) => {
      const from = i * RAISED_AT_ONCE;
      return action({ kind: 'raiseProvisions', operatorId, from, to: from + RAISED_AT_ONCE });
    }),
  );
}

function turns({ pool }: Observation): Action[] {
  const awaitsFunding = ({ status, operatorId }: ValidatorRecord): boolean =>
    status === 'predeposited' || (status === 'proven' && (pool.operators.get(operatorId)?.mayStake ?? false));
  const awaitsExit = ({ status, exitAskedAt }: ValidatorRecord): boolean => status === 'funded' && exitAskedAt === 0;
  const steps = Math.max(
    stepsFrom(pool.validators, pool.fundCursor, awaitsFunding),
    stepsFrom(pool.validators, pool.exitCursor, awaitsExit),
  );
  return steps < STEPS_MIN ? [] : [action({ kind: 'advanceTurns', most: Math.min(steps, STEPS_MAX) })];
}

/** How many in a row, from the cursor on, do not wait for their turn. */
function stepsFrom(
  validators: readonly ValidatorRecord[],
  cursor: number,
  waits: (record: ValidatorRecord) => boolean,
): number {
  const ahead = validators.filter(({ ordinal }) => ordinal >= cursor);
  const next = ahead.findIndex(waits);
  return next < 0 ? ahead.length : next;
}

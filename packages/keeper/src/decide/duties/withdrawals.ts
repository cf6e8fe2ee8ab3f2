import { type Action, action } from '../action.ts';
import type { Observation } from '../observation.ts';

/** Pays the requests that a checkpoint has released and cash reaches. */
export function decideWithdrawals({ pool, rules }: Observation): Action[] {
  if (pool.finalizable === 0) return [];
  return [action({ kind: 'finalizeWithdrawals', most: Math.min(pool.finalizable, rules.finalizePerBatchMax) })];
}

import { type LoadedState, verifierBalancesUnder } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import { PoolReadError } from '../errors.ts';

/** What `proveBalances` takes. */
export interface BalancesBatch {
  /** In ascending order of their beacon index, as the contract wants them. */
  readonly ordinals: readonly number[];
  readonly chunks: readonly Hex[];
  readonly siblings: readonly Hex[];
}

/**
 * A batch of the pool's validators, in any order, under the opening (`balancesOpening`) of the same state.
 *
 * @throws PoolReadError when two of them have one index
 */
export function balancesBatch(
  state: LoadedState,
  validators: readonly { readonly ordinal: number; readonly index: number }[],
): BalancesBatch {
  const sorted = [...validators].sort((a, b) => a.index - b.index);
  for (const [i, { index }] of sorted.entries()) {
    if (sorted[i + 1]?.index === index) throw new PoolReadError('two validators have one index', { data: { index } });
  }
  const indices = sorted.map(({ index }) => index);
  return { ordinals: sorted.map(({ ordinal }) => ordinal), ...verifierBalancesUnder(state, indices) };
}

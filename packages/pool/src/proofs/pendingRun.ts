import { type LoadedState, pendingDeposit, pendingDepositsLength, verifierPendingRun } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import type { PendingRun } from './types.ts';

/** A deposit of the pool that is looked for: `BalanceCheckpoint` knows it by these three. */
export interface DepositInFlight {
  readonly pubkey: Hex;
  readonly slot: number;
  readonly amountGwei: bigint;
}

/**
 * Its position in `pending_deposits`, or null when it has left the list (or is not in it yet).
 *
 * Until Fulu an entry bears the slot of the block with the deposit; from Gloas on a payload's requests are taken up by
 * the next block, whose slot it then bears.
 */
export function findPendingDeposit(state: LoadedState, wanted: DepositInFlight): number | null {
  const length = pendingDepositsLength(state);
  const pubkey = wanted.pubkey.toLowerCase();
  const nextBlock = state.layout.payloadExpectedWithdrawals !== null;
  for (let position = 0; position < length; position += 1) {
    const { pubkey: key, slot, amount } = pendingDeposit(state, position);
    const sameSlot = nextBlock ? slot > wanted.slot : slot === wanted.slot;
    if (key === pubkey && sameSlot && amount === wanted.amountGwei) return position;
  }
  return null;
}

/**
 * The run that shows a deposit of `slot` to have left the list: from the front to the first younger entry, or the whole
 * list when there is none, or when the validator is exiting (its deposits may have been put back to the end).
 */
export function landedRun(state: LoadedState, slot: number, exiting: boolean): PendingRun {
  const length = pendingDepositsLength(state);
  for (let position = 0; position < length && !exiting; position += 1) {
    if (pendingDeposit(state, position).slot > slot) return verifierPendingRun(state, 0, position + 1);
  }
  return verifierPendingRun(state, 0, length);
}

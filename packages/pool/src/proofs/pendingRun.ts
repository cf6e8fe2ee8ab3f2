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
  const nextBlock = joinsWithNextBlock(state);
  for (let position = 0; position < length; position += 1) {
    const { pubkey: key, slot, amount } = pendingDeposit(state, position);
    const sameSlot = nextBlock ? slot > wanted.slot : slot === wanted.slot;
    if (key === pubkey && sameSlot && amount === wanted.amountGwei) return position;
  }
  return null;
}

/** Whether a deposit joins the list under the next block's slot (Gloas on), and not under its own block's. */
export const joinsWithNextBlock = (state: LoadedState): boolean => state.layout.payloadExpectedWithdrawals !== null;

/**
 * The run that shows a deposit of `slot` to have left the list: from the front to the first younger entry, or the whole
 * list when there is none, or when the validator is exiting (its deposits may have been put back to the end). From Gloas
 * on "younger" means after the slot under which it joined: no later than the first later one of any entry seen.
 */
export function landedRun(state: LoadedState, slot: number, exiting: boolean): PendingRun {
  const length = pendingDepositsLength(state);
  let joined = joinsWithNextBlock(state) ? Number.POSITIVE_INFINITY : slot;
  for (let position = 0; position < length && !exiting; position += 1) {
    const entry = pendingDeposit(state, position).slot;
    if (entry > joined) return verifierPendingRun(state, 0, position + 1);
    if (entry > slot) joined = Math.min(joined, entry);
  }
  return verifierPendingRun(state, 0, length);
}

import type { LoadedState } from '@holdfast/beacon';
import {
  balancesBatch,
  findPendingDeposit,
  joinsWithNextBlock,
  type Pool,
  PoolRevertError,
  type PoolSnapshot,
  proveBalances,
  type ValidatorSnapshot,
} from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import type { CheckpointFacts } from '../decide/observation.ts';

/**
 * Where the deposits in flight stand in the checkpoint's state, and which of them it has been shown. None before it is
 * opened.
 *
 * @param onTrouble told what could not be learned of one; the others go on
 */
export async function checkpointFacts(
  pool: Pool,
  snapshot: PoolSnapshot,
  state: LoadedState,
  options: { readonly account: Hex; readonly onTrouble: (error: unknown) => void },
): Promise<CheckpointFacts> {
  const { slot } = snapshot.checkpoint;
  // From Gloas on the deposits of a block's payload join the list with the next block only.
  const mayHaveJoined = (made: number): boolean => (joinsWithNextBlock(state) ? made < slot : made <= slot);
  const inFlight = snapshot.validators.filter(
    ({ inFlightGwei, depositSlot, balanceSlot }) =>
      inFlightGwei !== 0n && mayHaveJoined(depositSlot) && balanceSlot !== slot,
  );
  const deposits = new Map<number, 'pending' | 'landed' | 'unknown'>();
  const resolved = new Set<number>();
  for (const validator of inFlight) {
    const { ordinal, pubkey, depositSlot, inFlightGwei } = validator;
    try {
      const position = findPendingDeposit(state, { pubkey, slot: depositSlot, amountGwei: inFlightGwei });
      // One that has landed is in flight no more once that was shown.
      if (position !== null && (await isShown(pool, validator, state, options.account))) resolved.add(ordinal);
      deposits.set(ordinal, position === null ? 'landed' : 'pending');
    } catch (error) {
      deposits.set(ordinal, 'unknown');
      options.onTrouble(error);
    }
  }
  return { deposits, resolved };
}

/** The ledger does not tell which pending deposits it was shown; a count that would not revert does. */
async function isShown(pool: Pool, validator: ValidatorSnapshot, state: LoadedState, account: Hex): Promise<boolean> {
  try {
    await proveBalances(pool, balancesBatch(state, [validator]), { account, dryRun: true });
    return true;
  } catch (error) {
    if (error instanceof PoolRevertError && error.errorName === 'DepositUnresolved') return false;
    throw error;
  }
}

import { type BlockAnswer, type LoadedState, verifierWithdrawalProof } from '@holdfast/beacon';
import { toHex } from '@holdfast/units';
import type { WithdrawalProof } from './types.ts';

/** A withdrawal as a block's payload lists it, whatever the fork. */
interface RawWithdrawal {
  readonly index: number;
  readonly validatorIndex: number;
  readonly address: Uint8Array;
  readonly amount: number | bigint;
}

/**
 * A withdrawal of a block, from the root of its post-state.
 *
 * @param block the state's own block; from Gloas on the state alone is enough
 * @param position in the block's withdrawals (see `withdrawalsOf`)
 * @throws BeaconProofError when the block has no such withdrawal, or is another state's
 */
export const withdrawalProof = (state: LoadedState, block: BlockAnswer, position: number): WithdrawalProof =>
  verifierWithdrawalProof(state, withdrawalsOf(state, block), position);

/** The withdrawals that a block made the beacon chain pay, in their order; amounts in gwei. */
export function withdrawalsOf(
  state: LoadedState,
  block: BlockAnswer,
): Parameters<typeof verifierWithdrawalProof>[1][number][] {
  const body = block.block.message.body as {
    readonly executionPayload?: { readonly withdrawals: readonly RawWithdrawal[] };
  };
  const listed =
    body.executionPayload?.withdrawals ?? (state.value(['payloadExpectedWithdrawals']) as readonly RawWithdrawal[]);
  return listed.map(({ index, validatorIndex, address, amount }) => ({
    index,
    validatorIndex,
    address: toHex(address),
    amount: BigInt(amount),
  }));
}

import {
  branch,
  type LoadedState,
  type VerifierBalancesOpening,
  type VerifierPendingRun,
  verifierBalancesOpening,
  verifierBalancesUnder,
  verifierPendingRun,
} from '@holdfast/beacon';
import { type Hex, toHex } from '@holdfast/units';

// The contract is tested with the proofs that Holdfast itself sends it; here they go by the contract's names.
export {
  type VerifierBalancesOpening as BalancesOpening,
  type VerifierBalancesProof as BalancesProof,
  type VerifierHop as Hop,
  type VerifierLayout as Layout,
  type VerifierPendingRun as PendingRun,
  type VerifierStateProof as StateProof,
  type VerifierValidatorProof as ValidatorProof,
  type VerifierWithdrawalProof as WithdrawalProof,
  verifierBalancesProof as makeBalancesProof,
  verifierHop as makeHop,
  verifierLayout as layoutOf,
  verifierStateProof as makeStateProof,
  verifierValidatorProof as makeValidatorProof,
  verifierWithdrawalProof as makeWithdrawalProof,
} from '@holdfast/beacon';

/** The list's opening, and the proof of some balances under its top. */
export function makeOpening(
  state: LoadedState,
  indices: readonly number[],
): { opening: VerifierBalancesOpening; chunks: Hex[]; siblings: Hex[] } {
  return { opening: verifierBalancesOpening(state), ...verifierBalancesUnder(state, indices) };
}

/** A run of pending deposits; with `count` 0 the claim that there are none, be it true or not. */
export function makePendingRun(state: LoadedState, start: number, count: number): VerifierPendingRun {
  if (count > 0) return verifierPendingRun(state, start, count);
  const list = state.layout.pendingDeposits!;
  return { items: [], start: 0n, siblings: [], length: 0n, branch: [...branch(state, list.gindex).branch] };
}

/** Depth of the smallest full tree over the chunks of so many balances. */
export const openDepth = (length: number): number => Math.ceil(Math.log2(Math.max(1, Math.ceil(length / 4))));

/** A list's length as the leaf that is mixed in. */
export function lengthLeaf(length: number | bigint): Hex {
  const leaf = Buffer.alloc(32);
  leaf.writeBigUInt64LE(BigInt(length));
  return toHex(leaf);
}

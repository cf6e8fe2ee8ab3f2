import { fromHex, type Root } from '@holdfast/units';
import { chunkGindex } from '../layout/forkLayout.ts';
import { type LoadedState, requireIndex, uint64At } from '../state/LoadedState.ts';
import { type Branch, branch } from './branch.ts';

/** Four uint64 balances share a 32-byte leaf. */
export const BALANCES_PER_CHUNK = 4;

/** `balances[index]` in gwei, out of the leaf that holds it and its three neighbours. */
export const balanceInChunk = (leaf: Root, index: number): bigint =>
  uint64At(fromHex(leaf, 32), index % BALANCES_PER_CHUNK);

export interface BalanceProof extends Branch {
  readonly index: number;
  /** In gwei. */
  readonly balance: bigint;
}

/** `balances[index]`: the leaf that holds it, and its branch to the state's root. */
export function balanceProof(state: LoadedState, index: number): BalanceProof {
  const { balances } = state.layout;
  requireIndex('balances', index, state.lengthOf(balances));
  const proof = branch(state, chunkGindex(balances, Math.floor(index / BALANCES_PER_CHUNK)));
  return { index, balance: balanceInChunk(proof.leaf, index), ...proof };
}

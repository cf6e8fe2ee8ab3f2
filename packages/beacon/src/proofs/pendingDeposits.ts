import { type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';
import { chunkGindex } from '../layout/forkLayout.ts';
import { type LoadedState, requireIndex } from '../state/LoadedState.ts';
import { type Branch, branch } from './branch.ts';
import { type ListProof, listLayoutOf, listProof } from './list.ts';

/** consensus-specs `PendingDeposit` (Electra). */
export interface PendingDeposit {
  readonly pubkey: Pubkey;
  readonly withdrawalCredentials: Root;
  /** In gwei. */
  readonly amount: bigint;
  readonly signature: Hex;
  /** The slot of the block whose execution requests brought it; 0 for the deposits of the old Eth1 bridge. */
  readonly slot: number;
}

export interface PendingDepositProof extends Branch {
  readonly index: number;
  readonly deposit: PendingDeposit;
  readonly length: number;
}

export interface PendingDepositsProof extends ListProof {
  readonly first: number;
  readonly deposits: readonly PendingDeposit[];
}

/** The number of deposits that wait in a state. */
export const pendingDepositsLength = (state: LoadedState): number =>
  state.lengthOf(listLayoutOf(state, 'pendingDeposits'));

/** `pending_deposits[index]`. */
export function pendingDeposit(state: LoadedState, index: number): PendingDeposit {
  requireIndex('pending_deposits', index, pendingDepositsLength(state));
  const deposit = state.value(['pendingDeposits', index]) as {
    pubkey: Uint8Array;
    withdrawalCredentials: Uint8Array;
    amount: number | bigint;
    signature: Uint8Array;
    slot: number;
  };
  return {
    pubkey: toHex(deposit.pubkey) as Pubkey,
    withdrawalCredentials: toHex(deposit.withdrawalCredentials) as Root,
    amount: BigInt(deposit.amount),
    signature: toHex(deposit.signature),
    slot: deposit.slot,
  };
}

/** `pending_deposits[index]`: its fields, and the branch from its container root to the state's root. */
export function pendingDepositProof(state: LoadedState, index: number): PendingDepositProof {
  const deposit = pendingDeposit(state, index);
  const layout = listLayoutOf(state, 'pendingDeposits');
  return { index, deposit, length: state.lengthOf(layout), ...branch(state, chunkGindex(layout, index)) };
}

/** The run `pending_deposits[first, first + count)` in one multi-proof: one leaf (container root) per deposit. */
export function pendingDepositsProof(state: LoadedState, first: number, count: number): PendingDepositsProof {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new BeaconProofError('not a run of deposits', { data: { count } });
  const indices = Array.from({ length: count }, (_, i) => first + i);
  const deposits = indices.map((index) => pendingDeposit(state, index));
  return { ...listProof(state, 'pendingDeposits', indices), first, deposits };
}

import { fromHex, type Hex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { MAX_WITHDRAWALS_PER_PAYLOAD } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import { BeaconForkError } from '../errors.ts';
import type { StateFork } from '../forks.ts';
import { forkLayout, pathGindex } from '../layout/forkLayout.ts';
import { branch } from '../proofs/branch.ts';
import type { BeaconBlockHeader } from '../proofs/header.ts';
import { historicalHop } from '../proofs/historical.ts';
import { joinedMultiproof } from '../proofs/joined.ts';
import { balancesProof, listLayoutOf } from '../proofs/list.ts';
import { type PendingDeposit, pendingDepositsLength, pendingDepositsProof } from '../proofs/pendingDeposits.ts';
import { validatorProof } from '../proofs/validator.ts';
import { stateWithdrawalProof, type Withdrawal } from '../proofs/withdrawals.ts';
import type { LoadedState } from '../state/LoadedState.ts';
import type {
  VerifierBalancesOpening,
  VerifierBalancesProof,
  VerifierBalancesUnder,
  VerifierHeader,
  VerifierHop,
  VerifierLayout,
  VerifierPendingDeposit,
  VerifierPendingRun,
  VerifierStateProof,
  VerifierValidatorProof,
  VerifierWithdrawalProof,
} from './structs.ts';

/** `hash_tree_root` of a BLS public key: how the verifier names a key. */
export const pubkeyRoot = (pubkey: Pubkey): Root => toHex(ssz.BLSPubkey.hashTreeRoot(fromHex(pubkey, 48))) as Root;

/**
 * A fork's layout as the contract's `ForkLayouts` stores it, under the preset of this process.
 *
 * @param fromSlot first slot of the fork
 * @throws BeaconForkError for forks before Electra, which have no pending deposits
 */
export function verifierLayout(fork: StateFork, fromSlot: number): VerifierLayout {
  const layout = forkLayout(fork);
  if (!layout.pendingDeposits) throw new BeaconForkError({ data: { fork }, fix: 'Give Electra or a later fork' });
  const withdrawals =
    layout.payloadExpectedWithdrawals?.gindex ?? pathGindex(fork, ['latestExecutionPayloadHeader', 'withdrawalsRoot']);
  return {
    fromSlot: BigInt(fromSlot),
    validators: Number(layout.validators.gindex),
    balances: Number(layout.balances.gindex),
    pendingDeposits: Number(layout.pendingDeposits.gindex),
    blockRoots: Number(layout.blockRoots.gindex),
    historicalSummaries: Number(layout.historicalSummaries.gindex),
    genesis: Number(layout.genesisValidatorsRoot),
    withdrawals: Number(withdrawals),
    withdrawalsDepth: Math.log2(MAX_WITHDRAWALS_PER_PAYLOAD),
    progressive: layout.balances.depth === null,
  };
}

export const verifierHeader = (header: BeaconBlockHeader): VerifierHeader => ({
  slot: BigInt(header.slot),
  proposerIndex: BigInt(header.proposerIndex),
  parentRoot: header.parentRoot,
  stateRoot: header.stateRoot,
  bodyRoot: header.bodyRoot,
});

/**
 * From the EIP-4788 root at `timestamp` to the state after its block.
 *
 * @param header the block whose root EIP-4788 gives at `timestamp`: the parent of the block of that moment
 */
export const verifierStateProof = (
  state: LoadedState,
  header: BeaconBlockHeader,
  timestamp: number,
): VerifierStateProof => ({
  timestamp: BigInt(timestamp),
  header: verifierHeader(header),
  witness: [...branch(state, state.layout.genesisValidatorsRoot).branch],
});

/** From a recent state back to an older block, at that block's own slot. See `historicalHop` for `periodBlockRoots`. */
export function verifierHop(
  recent: LoadedState,
  header: BeaconBlockHeader,
  periodBlockRoots?: readonly Root[],
): VerifierHop {
  const hop = historicalHop(recent, header.slot, periodBlockRoots);
  return {
    header: verifierHeader(header),
    branch: [...hop.branch],
    summary: hop.summaryIndex ?? 0,
    historical: hop.kind === 'historical_summaries',
  };
}

export function verifierValidatorProof(state: LoadedState, index: number): VerifierValidatorProof {
  const proof = validatorProof(state, index);
  const { pubkey, ...fields } = proof.fields;
  return { index: BigInt(index), fields: { pubkeyRoot: pubkeyRoot(pubkey), ...fields }, branch: [...proof.branch] };
}

/** The balances of validators, in any order; the contract is given the same indices ascending. */
export function verifierBalancesProof(state: LoadedState, indices: readonly number[]): VerifierBalancesProof {
  const proof = balancesProof(state, indices);
  const { leaves, siblings } = joinedMultiproof(state, proof);
  return {
    chunks: [...leaves],
    siblings: [...siblings],
    length: lengthLeaf(proof.length),
    branch: [...proof.listBranch],
  };
}

/** The balances list opened once; then each batch needs only `verifierBalancesUnder`. */
export function verifierBalancesOpening(state: LoadedState): VerifierBalancesOpening {
  const list = state.layout.balances;
  const length = state.lengthOf(list);
  const above = list.depth === null ? 0 : list.depth - openDepth(length);
  return {
    // The leftmost node of that height.
    top: state.rootAt(list.dataGindex << BigInt(above)),
    length: BigInt(length),
    branch: [...branch(state, list.gindex).branch],
  };
}

export function verifierBalancesUnder(state: LoadedState, indices: readonly number[]): VerifierBalancesUnder {
  const proof = balancesProof(state, indices);
  const { leaves, siblings } = joinedMultiproof(state, proof);
  const { depth } = state.layout.balances;
  // Above the top a single node is left, which takes one sibling a level: those are the last ones.
  const above = depth === null ? 0 : depth - openDepth(proof.length);
  return { chunks: [...leaves], siblings: siblings.slice(0, siblings.length - above) };
}

/** Depth of the smallest full tree over the chunks of so many balances. */
function openDepth(length: number): number {
  const chunks = Math.max(1, Math.ceil(length / 4));
  return chunks === 1 ? 0 : (chunks - 1).toString(2).length;
}

/** `count` pending deposits from `start` on; none of an empty list proves that it is empty. */
export function verifierPendingRun(state: LoadedState, start: number, count: number): VerifierPendingRun {
  const length = pendingDepositsLength(state);
  if (length === 0 && start === 0 && count === 0) {
    const list = branch(state, listLayoutOf(state, 'pendingDeposits').gindex);
    return { items: [], start: 0n, siblings: [], length: 0n, branch: [...list.branch] };
  }
  const proof = pendingDepositsProof(state, start, count);
  return {
    items: proof.deposits.map(verifierPendingDeposit),
    start: BigInt(start),
    siblings: [...joinedMultiproof(state, proof).siblings],
    length: BigInt(length),
    branch: [...proof.listBranch],
  };
}

export const verifierPendingDeposit = (deposit: PendingDeposit): VerifierPendingDeposit => ({
  pubkeyRoot: pubkeyRoot(deposit.pubkey),
  withdrawalCredentials: deposit.withdrawalCredentials,
  amount: deposit.amount,
  signatureRoot: toHex(ssz.BLSSignature.hashTreeRoot(fromHex(deposit.signature, 96))),
  slot: BigInt(deposit.slot),
});

/** A withdrawal of the state's own block. See `stateWithdrawalProof` for `payloadWithdrawals`. */
export function verifierWithdrawalProof(
  state: LoadedState,
  payloadWithdrawals: readonly Withdrawal[],
  position: number,
): VerifierWithdrawalProof {
  const { withdrawal, branch: siblings } = stateWithdrawalProof(state, payloadWithdrawals, position);
  return {
    index: BigInt(withdrawal.index),
    validatorIndex: BigInt(withdrawal.validatorIndex),
    recipient: withdrawal.address,
    amount: withdrawal.amount,
    position: BigInt(position),
    branch: [...siblings],
  };
}

function lengthLeaf(length: number): Hex {
  const leaf = new Uint8Array(32);
  new DataView(leaf.buffer).setBigUint64(0, BigInt(length), true);
  return toHex(leaf);
}

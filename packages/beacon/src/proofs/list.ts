import type { Root } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';
import { type ListLayout, type ListSubtree, subtreeOfChunk } from '../layout/forkLayout.ts';
import { type LoadedState, requireIndex } from '../state/LoadedState.ts';
import { branch } from './branch.ts';
import { chunkMultiproof, type Multiproof } from './multiproof.ts';
import { verifyBranch, verifyMultiproof } from './verify.ts';

/** The lists of a state that Holdfast proves items of. */
export type ProvenList =
  | 'balances'
  | 'validators'
  | 'pendingDeposits'
  | 'historicalSummaries'
  | 'payloadExpectedWithdrawals';

/** Leaves of one perfect subtree of a list, and that subtree's branch to the state's root. */
export interface SubtreeProof extends Multiproof {
  readonly gindex: bigint;
  readonly depth: number;
  /** Number, in the whole list, of the subtree's first chunk. 0 but in progressive lists. */
  readonly firstChunk: number;
  /** Positions in the subtree, ascending. */
  readonly positions: readonly number[];
  /** The subtree's root, which the multi-proof leads to. */
  readonly root: Root;
  /**
   * From the subtree's root to the state's. For an ordinary list the subtree is the data root, so the first sibling is
   * the length (little-endian), and the rest is the branch of the list itself.
   */
  readonly branch: readonly Root[];
}

/** Items of a list by chunk. One group for an ordinary list; one for each link touched of a progressive one. */
export interface ListProof {
  readonly list: ProvenList;
  /** Items in the list. */
  readonly length: number;
  readonly listRoot: Root;
  readonly listGindex: bigint;
  /** From the list's root (length mixed in) to the state's root. */
  readonly listBranch: readonly Root[];
  readonly groups: readonly SubtreeProof[];
}

/** Where a fork keeps a list. Throws BeaconProofError when the fork does not have it. */
export function listLayoutOf(state: LoadedState, list: ProvenList): ListLayout {
  const layout = state.layout[list];
  if (layout === null) throw new BeaconProofError('this fork has no such list', { data: { fork: state.fork, list } });
  return layout;
}

/**
 * A multi-proof of chunks of a list: balance chunks (four balances each), or items of a list of containers.
 *
 * @param chunks strictly ascending chunk numbers, within the list's length
 */
export function listProof(state: LoadedState, list: ProvenList, chunks: readonly number[]): ListProof {
  const layout = listLayoutOf(state, list);
  const length = state.lengthOf(layout);
  const chunkCount = Math.ceil(length / layout.itemsPerChunk);
  if (chunks.length === 0) throw new BeaconProofError('a multi-proof needs at least one leaf', { data: { list } });
  for (const chunk of chunks) requireIndex(`the chunks of ${list}`, chunk, chunkCount);
  const whole = branch(state, layout.gindex);
  return {
    list,
    length,
    listRoot: whole.leaf,
    listGindex: layout.gindex,
    listBranch: whole.branch,
    groups: groupBySubtree(layout, chunks).map((group) => subtreeProof(state, group)),
  };
}

/**
 * A multi-proof of the balances of validators, in any order: their chunks, ascending and without repetition.
 * Read a balance out of its leaf with `balanceInChunk(leaf, index)`.
 */
export function balancesProof(state: LoadedState, indices: readonly number[]): ListProof {
  const { itemsPerChunk } = state.layout.balances;
  const length = state.lengthOf(state.layout.balances);
  for (const index of indices) requireIndex('balances', index, length);
  const chunks = [...new Set(indices.map((index) => Math.floor(index / itemsPerChunk)))].sort((a, b) => a - b);
  return listProof(state, 'balances', chunks);
}

/** True when every leaf of the proof belongs to the state of this root. */
export function verifyListProof(proof: ListProof, stateRoot: Root): boolean {
  if (proof.groups.length === 0) return false;
  if (!verifyBranch(proof.listRoot, proof.listGindex, proof.listBranch, stateRoot)) return false;
  return proof.groups.every(
    (group) =>
      verifyMultiproof(group.leaves, group.positions, group.depth, group.siblings, group.root) &&
      verifyBranch(group.root, group.gindex, group.branch, stateRoot),
  );
}

interface SubtreeGroup {
  readonly subtree: ListSubtree;
  readonly positions: number[];
}

function groupBySubtree(layout: ListLayout, chunks: readonly number[]): SubtreeGroup[] {
  const groups: SubtreeGroup[] = [];
  for (const chunk of chunks) {
    const subtree = subtreeOfChunk(layout, chunk);
    let group = groups.at(-1);
    if (group?.subtree.gindex !== subtree.gindex) {
      group = { subtree, positions: [] };
      groups.push(group);
    }
    group.positions.push(chunk - subtree.firstChunk);
  }
  return groups;
}

function subtreeProof(state: LoadedState, { subtree, positions }: SubtreeGroup): SubtreeProof {
  const { leaf, gindex, branch: siblingsAbove } = branch(state, subtree.gindex);
  return {
    gindex,
    depth: subtree.depth,
    firstChunk: subtree.firstChunk,
    positions,
    root: leaf,
    branch: siblingsAbove,
    ...chunkMultiproof(state.nodeAt(gindex), subtree.depth, positions),
  };
}

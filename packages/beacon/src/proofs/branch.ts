import type { Gindex, Node } from '@chainsafe/persistent-merkle-tree';
import { type Root, toHex } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';
import type { LoadedState } from '../state/LoadedState.ts';

/** A node of a tree, and what it takes to recompute the tree's root from it. */
export interface Branch {
  /** The proven node's root. */
  readonly leaf: Root;
  /** Its generalized index from the tree's root. */
  readonly gindex: Gindex;
  /** Siblings from the leaf upwards. */
  readonly branch: readonly Root[];
}

/**
 * A single proof of any node of a state.
 *
 * @throws BeaconProofError when the state has nothing there
 * @example branch(state, forkLayout(state.fork).validators.gindex)
 */
export const branch = (state: LoadedState, gindex: Gindex): Branch => branchOf(state.node, gindex);

/** A single proof of any node of a tree. */
export function branchOf(root: Node, gindex: Gindex): Branch {
  if (gindex < 1n) throw new BeaconProofError('not a generalized index', { data: { gindex } });
  const siblings: Root[] = [];
  let node = root;
  for (const bit of gindex.toString(2).slice(1)) {
    if (node.isLeaf())
      throw new BeaconProofError('the tree has nothing at this generalized index', { data: { gindex } });
    const { left, right } = node;
    siblings.push(toHex((bit === '1' ? left : right).root) as Root);
    node = bit === '1' ? right : left;
  }
  return { leaf: toHex(node.root) as Root, gindex, branch: siblings.reverse() };
}

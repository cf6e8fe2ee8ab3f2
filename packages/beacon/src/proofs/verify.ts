import { digest64, type Gindex } from '@chainsafe/persistent-merkle-tree';
import { fromHex, type Root, sameHex, toHex } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';
import { requirePositions } from './multiproof.ts';

/** SHA-256 of two nodes: the parent's root. */
export const hashPair = (left: Root, right: Root): Root =>
  toHex(digest64(fromHex(left, 32), fromHex(right, 32))) as Root;

/**
 * The root that a branch leads to. Its length must be the depth of the generalized index.
 *
 * @throws BeaconProofError when it is not
 */
export function branchRoot(leaf: Root, gindex: Gindex, branch: readonly Root[]): Root {
  if (gindex < 1n || gindex.toString(2).length - 1 !== branch.length) {
    throw new BeaconProofError('the branch is not as long as its generalized index is deep', {
      data: { gindex, length: branch.length },
    });
  }
  let node = leaf;
  let index = gindex;
  for (const sibling of branch) {
    node = index & 1n ? hashPair(sibling, node) : hashPair(node, sibling);
    index >>= 1n;
  }
  return node;
}

/** True when the leaf at `gindex` belongs to the tree of this root. Malformed input is false, never an error. */
export function verifyBranch(leaf: Root, gindex: Gindex, branch: readonly Root[], root: Root): boolean {
  return holds(() => branchRoot(leaf, gindex, branch), root);
}

/**
 * The root that a multi-proof leads to: level by level from the leaves up and, within a level, from left to right; a node
 * meets its known sibling, or takes the next one of the list. All siblings must be used.
 *
 * @throws BeaconProofError when the proof is not in its canonical form
 */
export function multiproofRoot(
  leaves: readonly Root[],
  positions: readonly number[],
  depth: number,
  siblings: readonly Root[],
): Root {
  requirePositions(depth, positions);
  if (leaves.length !== positions.length) {
    throw new BeaconProofError('each leaf needs its position', {
      data: { leaves: leaves.length, positions: positions.length },
    });
  }
  let used = 0;
  const nextSibling = (): Root => {
    const sibling = siblings[used];
    if (sibling === undefined) throw new BeaconProofError('the multi-proof has too few siblings', { data: { used } });
    used += 1;
    return sibling;
  };
  let nodes = leaves.map((root, i) => ({ root, position: positions[i]! }));
  for (let level = 0; level < depth; level += 1) {
    const parents: typeof nodes = [];
    for (let i = 0; i < nodes.length; i += 1) {
      const { root, position } = nodes[i]!;
      const odd = position % 2 === 1;
      const next = nodes[i + 1];
      const pairs = !odd && next?.position === position + 1;
      const parent = odd ? hashPair(nextSibling(), root) : hashPair(root, pairs ? next.root : nextSibling());
      if (pairs) i += 1;
      parents.push({ root: parent, position: Math.floor(position / 2) });
    }
    nodes = parents;
  }
  if (used !== siblings.length) {
    throw new BeaconProofError('the multi-proof has siblings to spare', { data: { used, given: siblings.length } });
  }
  return nodes[0]!.root;
}

/** True when all leaves belong to the tree of this root. Malformed input is false, never an error. */
export function verifyMultiproof(
  leaves: readonly Root[],
  positions: readonly number[],
  depth: number,
  siblings: readonly Root[],
  root: Root,
): boolean {
  return holds(() => multiproofRoot(leaves, positions, depth, siblings), root);
}

/** A verifier's answer to hostile input is "no": hex that is no hex, lengths that do not fit, all are a false proof. */
function holds(compute: () => Root, root: Root): boolean {
  try {
    return sameHex(compute(), root);
  } catch {
    return false;
  }
}

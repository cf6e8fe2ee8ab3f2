import { getNodeAtDepth, type Node } from '@chainsafe/persistent-merkle-tree';
import { type Root, toHex } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';

/** Many leaves of one perfect tree with the siblings that they do not supply to each other. */
export interface Multiproof {
  /** In the order of the positions. */
  readonly leaves: readonly Root[];
  /**
   * In the order in which a verifier consumes them: level by level from the leaves up, within a level from left to
   * right. A node takes no sibling when its sibling is itself known.
   */
  readonly siblings: readonly Root[];
}

/** Positions are plain numbers, exact up to here. */
export const MULTIPROOF_DEPTH_MAX = 52;

/**
 * The canonical multi-proof of the leaves at `positions` (strictly ascending) of the tree under `root`, `depth` levels
 * deep.
 *
 * @throws BeaconProofError when the positions are empty, not ascending, or beyond the tree
 */
export function chunkMultiproof(root: Node, depth: number, positions: readonly number[]): Multiproof {
  requirePositions(depth, positions);
  const siblingsByLevel: Root[][] = Array.from({ length: depth }, () => []);

  // Depth first from left to right: what lands in one level's list is in that level's left-to-right order.
  const visit = (node: Node, height: number, from: number, to: number, start: number): void => {
    if (height === 0) return;
    const half = 2 ** (height - 1);
    const middle = start + half;
    const split = lowerBound(positions, middle, from, to);
    const level = siblingsByLevel[height - 1]!;
    if (split === from) level.push(toHex(node.left.root) as Root);
    else visit(node.left, height - 1, from, split, start);
    if (split === to) level.push(toHex(node.right.root) as Root);
    else visit(node.right, height - 1, split, to, middle);
  };
  visit(root, depth, 0, positions.length, 0);
  return {
    leaves: positions.map((position) => toHex(getNodeAtDepth(root, depth, position).root) as Root),
    siblings: siblingsByLevel.flat(),
  };
}

/** Refuses positions that are not a strictly ascending run of leaves of a tree `depth` deep. */
export function requirePositions(depth: number, positions: readonly number[]): void {
  if (!Number.isInteger(depth) || depth < 0 || depth > MULTIPROOF_DEPTH_MAX) {
    throw new BeaconProofError('the tree is too deep for a multi-proof', {
      data: { depth, max: MULTIPROOF_DEPTH_MAX },
    });
  }
  if (positions.length === 0) throw new BeaconProofError('a multi-proof needs at least one leaf');
  let previous = -1;
  for (const position of positions) {
    if (!Number.isSafeInteger(position) || position <= previous || position >= 2 ** depth) {
      throw new BeaconProofError('positions must be ascending leaves of the tree', {
        data: { position, previous, depth },
      });
    }
    previous = position;
  }
}

/** The first index in [from, to) whose position is at least `bound`, or `to`. */
function lowerBound(positions: readonly number[], bound: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

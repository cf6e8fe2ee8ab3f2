import { ConsensusConfigError } from '../errors.ts';

/** The codec gives a node's index one byte, and justifications grow with n: more nodes than this make no cluster. */
export const NODES_MAX = 64;

/** How many of `n` nodes may lie or be dead: f = ⌊(n − 1) / 3⌋. No protocol stands more (Dwork, Lynch, Stockmeyer 1988). */
export function faultyMax(n: number): number {
  requireNodes(n);
  return Math.floor((n - 1) / 3);
}

/**
 * How many of `n` nodes decide: ⌈2n / 3⌉.
 *
 * Two quorums must meet in a node that is honest: 2q − n > f, so q ≥ ⌊(n + f) / 2⌋ + 1. And the honest alone must be a
 * quorum: q ≤ n − f. ⌈2n / 3⌉ is the smallest q of the first kind for every n, also where n ≠ 3f + 1; n − f, which
 * others use, asks one node more than needed when n = 3f + 3. `test/smt.test.ts` proves all three claims for every n.
 */
export function quorumOf(n: number): number {
  requireNodes(n);
  return Math.ceil((2 * n) / 3);
}

function requireNodes(n: number): void {
  if (Number.isInteger(n) && n >= 1 && n <= NODES_MAX) return;
  throw new ConsensusConfigError('a cluster cannot have so many nodes', { data: { n, max: NODES_MAX } });
}

import type { Root } from '@holdfast/units';
import { BeaconProofError } from '../errors.ts';
import { type ListLayout, subtreeOfChunk } from '../layout/forkLayout.ts';
import type { LoadedState } from '../state/LoadedState.ts';
import { branchOf } from './branch.ts';
import { type ListProof, listLayoutOf } from './list.ts';
import type { Multiproof } from './multiproof.ts';
import { hashPair, multiproofRoot } from './verify.ts';

/**
 * A list's proof as one multi-proof against its data root.
 *
 * An ordinary list is one tree: its only group as it is. A progressive list (EIP-7916) is a chain,
 * node(s) = hash(subtree(s), node(s + 1)): the siblings of each touched subtree in turn, then node(t + 1) behind the last
 * touched subtree t, then the roots of the untouched subtrees before it, from the last to the first.
 */
export function joinedMultiproof(state: LoadedState, proof: ListProof): Multiproof {
  const list = listLayoutOf(state, proof.list);
  const leaves = proof.groups.flatMap((group) => group.leaves);
  const siblings = proof.groups.flatMap((group) => group.siblings);
  if (list.depth !== null) return { leaves, siblings };
  const touched = new Set(proof.groups.map(linkOf));
  const last = Math.max(...touched);
  const { branch: spine } = branchOf(state.nodeAt(list.dataGindex), (1n << BigInt(last + 2)) - 2n);
  return { leaves, siblings: [...siblings, ...spine.filter((_, i) => i === 0 || !touched.has(last - i))] };
}

/**
 * The data root that a joined multi-proof leads to.
 *
 * @param chunks the leaves' chunk numbers, strictly ascending
 * @throws BeaconProofError when the proof is not in its canonical form
 */
export function joinedRoot(list: ListLayout, chunks: readonly number[], { leaves, siblings }: Multiproof): Root {
  if (list.depth !== null) return multiproofRoot(leaves, chunks, list.depth, siblings);
  if (chunks.length === 0 || chunks.length !== leaves.length) {
    throw new BeaconProofError('each leaf needs its position', {
      data: { leaves: leaves.length, chunks: chunks.length },
    });
  }
  let used = 0;
  const take = (count: number): readonly Root[] => {
    const taken = siblings.slice(used, used + count);
    if (taken.length < count) throw new BeaconProofError('the multi-proof has too few siblings', { data: { used } });
    used += count;
    return taken;
  };
  const roots = new Map<number, Root>();
  for (let from = 0, to = 0; from < chunks.length; from = to) {
    const { gindex, depth, firstChunk } = subtreeOfChunk(list, chunks[from]!);
    while (to < chunks.length && subtreeOfChunk(list, chunks[to]!).gindex === gindex) to += 1;
    const positions = chunks.slice(from, to).map((chunk) => chunk - firstChunk);
    const own = take(siblingCount(positions, depth));
    roots.set(linkOf({ depth }), multiproofRoot(leaves.slice(from, to), positions, depth, own));
  }
  const last = Math.max(...roots.keys());
  let node = take(1)[0]!;
  for (let link = last; link >= 0; link -= 1) node = hashPair(roots.get(link) ?? take(1)[0]!, node);
  if (used !== siblings.length) {
    throw new BeaconProofError('the multi-proof has siblings to spare', { data: { used, given: siblings.length } });
  }
  return node;
}

/** A progressive list's s-th subtree is 2s deep. */
const linkOf = ({ depth }: { readonly depth: number }): number => depth / 2;

/** How many siblings the canonical multi-proof of these leaves takes: on each level one for each node without its pair. */
function siblingCount(positions: readonly number[], depth: number): number {
  let count = 0;
  let level = positions;
  for (let height = 0; height < depth; height += 1) {
    const parents = [...new Set(level.map((position) => Math.floor(position / 2)))];
    count += 2 * parents.length - level.length;
    level = parents;
  }
  return count;
}

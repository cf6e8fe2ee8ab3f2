import { concatGindices, toGindex } from '@chainsafe/persistent-merkle-tree';
import { fromHex, type Root, toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import { BeaconProofError } from '../errors.ts';
import { chunkGindex } from '../layout/forkLayout.ts';
import type { LoadedState } from '../state/LoadedState.ts';
import { type Branch, branch, branchOf } from './branch.ts';

/**
 * From a recent state to the root of the block that was the latest at an older slot.
 *
 * Warning: a slot without a block repeats the root of the block before it, so the block behind `leaf` may be of an older
 * slot than the one asked for. The block's header (proven by `headerProof`) says which.
 */
export interface HistoricalHop extends Branch {
  /** `block_roots`: the state's own ring; `historical_summaries`: through the summary of a finished period. */
  readonly kind: 'block_roots' | 'historical_summaries';
  readonly targetSlot: number;
  /** Position in the vector of block roots: `targetSlot % SLOTS_PER_HISTORICAL_ROOT`. */
  readonly position: number;
  /** Index in `historical_summaries`; null for the ring. */
  readonly summaryIndex: number | null;
  /** True when no block was proposed at the slot; null when the vector's first entry cannot tell. */
  readonly missed: boolean | null;
}

/** Block roots of a whole period, from a state at the slot at which the next period begins (or a later look at its ring). */
export function blockRootsOf(state: LoadedState): Root[] {
  return (state.value(['blockRoots']) as Uint8Array[]).map((root) => toHex(root) as Root);
}

/**
 * Proves, against `recent`, the block root of `targetSlot`. Within the last SLOTS_PER_HISTORICAL_ROOT slots the state is
 * enough; before that it holds only the summary of each period, so the period's block roots must be supplied: those of
 * a state at the first slot of the following period (`blockRootsOf`). They are checked against the summary.
 *
 * The gindex and branch lead all the way to the recent state's root.
 *
 * @throws BeaconProofError when the slot is not in the past, before Capella, or the roots are missing or false
 */
export function historicalHop(
  recent: LoadedState,
  targetSlot: number,
  periodBlockRoots?: readonly Root[],
): HistoricalHop {
  const { length } = recent.layout.blockRoots;
  if (!Number.isSafeInteger(targetSlot) || targetSlot < 0 || targetSlot >= recent.slot) {
    throw new BeaconProofError('the target is not before the recent state', {
      data: { targetSlot, recentSlot: recent.slot },
    });
  }
  return recent.slot - targetSlot <= length
    ? hopThroughRing(recent, targetSlot)
    : hopThroughSummary(recent, targetSlot, periodBlockRoots);
}

function hopThroughRing(recent: LoadedState, targetSlot: number): HistoricalHop {
  const { gindex, depth, length } = recent.layout.blockRoots;
  const at = (slot: number): bigint => concatGindices([gindex, toGindex(depth, BigInt(slot % length))]);
  const proof = branch(recent, at(targetSlot));
  const previousKnown = targetSlot > 0 && recent.slot - (targetSlot - 1) <= length;
  return {
    ...proof,
    kind: 'block_roots',
    targetSlot,
    position: targetSlot % length,
    summaryIndex: null,
    missed: previousKnown ? recent.rootAt(at(targetSlot - 1)) === proof.leaf : targetSlot === 0 ? false : null,
  };
}

function hopThroughSummary(
  recent: LoadedState,
  targetSlot: number,
  periodBlockRoots: readonly Root[] | undefined,
): HistoricalHop {
  const { blockRoots, historicalSummaries } = recent.layout;
  const period = Math.floor(targetSlot / blockRoots.length);
  // Periods that ended before Capella are in `historical_roots`, frozen since; summaries go on where they end.
  const summaryIndex = period - (recent.value(['historicalRoots']) as Uint8Array[]).length;
  const summaries = recent.lengthOf(historicalSummaries);
  if (summaryIndex < 0 || summaryIndex >= summaries) {
    throw new BeaconProofError('no historical summary covers the target', {
      data: { targetSlot, summaryIndex, summaries },
    });
  }
  if (periodBlockRoots?.length !== blockRoots.length) {
    throw new BeaconProofError('the target needs the block roots of its period', {
      data: { targetSlot, given: periodBlockRoots?.length ?? 0, needed: blockRoots.length },
      fix: `Load the state of slot ${(period + 1) * blockRoots.length} and pass blockRootsOf(it)`,
    });
  }
  const summaryGindex = chunkGindex(historicalSummaries, summaryIndex);
  const blockSummaryGindex = concatGindices([
    summaryGindex,
    ssz.capella.HistoricalSummary.getPathInfo(['blockSummaryRoot']).gindex,
  ]);
  const roots = ssz.phase0.HistoricalBlockRoots.toViewDU(periodBlockRoots.map((root) => fromHex(root, 32)));
  const actual = toHex(roots.hashTreeRoot()) as Root;
  const outer = branch(recent, blockSummaryGindex);
  if (actual !== outer.leaf) {
    throw new BeaconProofError('these block roots are not those of the period', {
      data: { targetSlot, expected: outer.leaf, actual },
    });
  }
  const position = targetSlot % blockRoots.length;
  const inner = branchOf(roots.node, toGindex(blockRoots.depth, BigInt(position)));
  return {
    leaf: inner.leaf,
    gindex: concatGindices([blockSummaryGindex, inner.gindex]),
    branch: [...inner.branch, ...outer.branch],
    kind: 'historical_summaries',
    targetSlot,
    position,
    summaryIndex,
    missed: position === 0 ? null : periodBlockRoots[position - 1] === inner.leaf,
  };
}

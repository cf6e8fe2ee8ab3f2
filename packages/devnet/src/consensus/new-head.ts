import type { Hex } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import type { ExecutionPort } from '../execution/port.ts';
import type { ChainEvent } from './events.ts';
import { type ChainStore, rootOf, type StoredBlock } from './store.ts';
import type { DevnetState } from './types.ts';

/** Tells of a new head, and of what it finalized. */
export function announceHead(
  { slot, root, stateRoot }: StoredBlock,
  before: DevnetState,
  after: DevnetState,
  store: ChainStore,
  emit: (event: ChainEvent) => void,
): void {
  emit({ kind: 'block', slot, root });
  emit({ kind: 'head', slot, root, stateRoot, epochTransition: slot % SLOTS_PER_EPOCH === 0 });
  const { epoch, root: finalizedRoot } = after.finalizedCheckpoint;
  if (epoch <= before.finalizedCheckpoint.epoch) return;
  const finalized = store.byRoot(rootOf(finalizedRoot));
  if (!finalized) return;
  emit({ kind: 'finalized_checkpoint', epoch, root: finalized.root, stateRoot: finalized.stateRoot });
}

/** Tells the execution layer which of its blocks are `safe` and `finalized`, when that changed. */
export async function markFinality(
  execution: ExecutionPort,
  before: DevnetState,
  after: DevnetState,
  store: ChainStore,
  genesis: StoredBlock,
): Promise<void> {
  const changed =
    after.currentJustifiedCheckpoint.epoch > before.currentJustifiedCheckpoint.epoch ||
    after.finalizedCheckpoint.epoch > before.finalizedCheckpoint.epoch;
  if (!changed) return;
  // The execution block of a checkpoint's beacon block; the zero root means genesis.
  const hashAt = (root: Uint8Array): Hex => (store.byRoot(rootOf(root)) ?? genesis).executionBlockHash;
  await execution.markFinality({
    safeBlockHash: hashAt(after.currentJustifiedCheckpoint.root),
    finalizedBlockHash: hashAt(after.finalizedCheckpoint.root),
  });
}

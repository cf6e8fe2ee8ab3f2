import type { Hex } from '@holdfast/units';
import { ApiError } from '@lodestar/api/server';
import type { ForkName } from '@lodestar/params';
import type { BeaconStateFulu } from '@lodestar/state-transition';
import type { BeaconChain } from '../consensus/chain.ts';
import { rootOf, type StoredBlock } from '../consensus/store.ts';
import type { DevnetState } from '../consensus/types.ts';

/** A Beacon API `block_id` or `state_id`: head, genesis, finalized, justified, a slot, or a root. */
export type Identifier = string | number;

export function resolveBlock(chain: BeaconChain, id: Identifier): StoredBlock {
  return named(chain, id) ?? bySlotOrRoot(chain, id, (root) => chain.store.byRoot(root));
}

/** The slot whose state is meant. A slot without a block has a state too: the one before it, advanced. */
export function resolveStateSlot(chain: BeaconChain, id: Identifier): number {
  const slot = slotNumber(id);
  if (slot === null || named(chain, id)) {
    return (named(chain, id) ?? bySlotOrRoot(chain, id, (root) => chain.store.byStateRoot(root))).slot;
  }
  if (slot > chain.slot) throw new ApiError(404, `State not found: slot ${slot} is in the future (${chain.slot})`);
  return slot;
}

/** The state as its tree, without caches. */
export function resolveState(chain: BeaconChain, id: Identifier): BeaconStateFulu {
  const slot = resolveStateSlot(chain, id);
  const state = slot === chain.slot ? chain.state : chain.store.stateAt(slot);
  return (state as BeaconStateFulu | undefined) ?? pruned(slot);
}

/** The state with committees and shufflings at hand. */
export function resolveCachedState(chain: BeaconChain, id: Identifier): DevnetState {
  const slot = resolveStateSlot(chain, id);
  const state = slot === chain.slot ? chain.state : chain.store.cachedStateAt(slot);
  return state ?? pruned(slot);
}

/** What most answers need: the state, and the metadata that goes with it. */
export function stateWithMeta(chain: BeaconChain, id: Identifier) {
  const state = resolveState(chain, id);
  return { state, meta: metaAt(chain, state.slot) };
}

/** The metadata that goes with what was found at `slot`. Nothing here is ever optimistic. */
export function metaAt(chain: BeaconChain, slot: number) {
  const finalizedSlot = chain.store.byRoot(finalizedRoot(chain))?.slot ?? 0;
  const version: ForkName = chain.config.getForkName(slot);
  return { executionOptimistic: false, finalized: slot <= finalizedSlot, version };
}

function named(chain: BeaconChain, id: Identifier): StoredBlock | null {
  switch (id) {
    case 'head':
      return chain.head;
    case 'genesis':
      return chain.genesisBlock;
    case 'finalized':
      return chain.store.byRoot(finalizedRoot(chain)) ?? chain.genesisBlock;
    case 'justified':
      return chain.store.byRoot(rootOf(chain.state.currentJustifiedCheckpoint.root)) ?? chain.genesisBlock;
    default:
      return null;
  }
}

const finalizedRoot = (chain: BeaconChain) => rootOf(chain.state.finalizedCheckpoint.root);

function bySlotOrRoot(chain: BeaconChain, id: Identifier, byRoot: (root: Hex) => StoredBlock | undefined): StoredBlock {
  const slot = slotNumber(id);
  if (slot === null && !/^0x[0-9a-fA-F]{64}$/.test(`${id}`)) {
    throw new ApiError(400, `Invalid id: ${id}. Use head, genesis, finalized, justified, a slot or a 32-byte root`);
  }
  const stored = slot === null ? byRoot(`${id}`.toLowerCase() as Hex) : chain.store.bySlot(slot);
  if (!stored) throw new ApiError(404, `Not found: ${id}`);
  return stored;
}

function slotNumber(id: Identifier): number | null {
  if (typeof id === 'number') return id;
  return /^\d{1,15}$/.test(id) ? Number(id) : null;
}

function pruned(slot: number): never {
  throw new ApiError(404, `State not found: the one at slot ${slot} is no longer kept`);
}

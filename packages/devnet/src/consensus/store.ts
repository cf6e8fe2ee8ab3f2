import type { Node } from '@chainsafe/persistent-merkle-tree';
import { asRoot, type Hex, type Root, toHex } from '@holdfast/units';
import type { BeaconConfig } from '@lodestar/config';
import { GENESIS_SLOT } from '@lodestar/params';
import {
  type BeaconStateAllForks,
  type CachedBeaconStateAllForks,
  createCachedBeaconState,
  createPubkeyCache,
  processSlots,
} from '@lodestar/state-transition';
import type { gloas, phase0 } from '@lodestar/types';
import { asDevnetState, type DevnetBlock, type DevnetState } from './types.ts';

export interface StoredBlock {
  readonly slot: number;
  readonly root: Root;
  readonly stateRoot: Root;
  readonly parentRoot: Root;
  /** Of the block's payload. */
  readonly executionBlockHash: Hex;
  /** Gloas: the payload itself, which the block only bids for. */
  readonly envelope: gloas.SignedExecutionPayloadEnvelope | null;
  readonly block: DevnetBlock;
  readonly header: phase0.SignedBeaconBlockHeader;
}

export interface StoreLimits {
  readonly blocks: number;
  readonly states: number;
}

/**
 * The blocks of the one chain, and each block's post-state as the root node of its tree. Neighbouring states share all
 * that did not change, so a state costs what its block touched.
 */
export class ChainStore {
  readonly #config: BeaconConfig;
  readonly #limits: StoreLimits;
  #blocks = new Map<Hex, StoredBlock>();
  #rootAtSlot = new Map<number, Hex>();
  #stateNodes = new Map<number, Node>();
  #slotOfState = new Map<Hex, number>();
  /** The newest slot whose block was dropped. Between genesis, which is always kept, and here nothing is known. */
  #droppedThrough = 0;
  /** The newest state that was asked for with its caches: requests come in bursts for one state. */
  #cached: { readonly slot: number; readonly state: DevnetState } | null = null;

  constructor(config: BeaconConfig, limits: StoreLimits) {
    this.#config = config;
    this.#limits = limits;
  }

  add(stored: StoredBlock, postState: DevnetState): void {
    this.#blocks.set(stored.root, stored);
    this.#rootAtSlot.set(stored.slot, stored.root);
    this.#stateNodes.set(stored.slot, postState.node);
    this.#slotOfState.set(stored.stateRoot, stored.slot);
    if (this.#cached && stored.slot <= this.#cached.slot) this.#cached = null;
    this.#prune();
  }

  byRoot(root: Hex): StoredBlock | undefined {
    return this.#blocks.get(root);
  }

  bySlot(slot: number): StoredBlock | undefined {
    const root = this.#rootAtSlot.get(slot);
    return root === undefined ? undefined : this.#blocks.get(root);
  }

  byStateRoot(stateRoot: Hex): StoredBlock | undefined {
    const slot = this.#slotOfState.get(stateRoot);
    return slot === undefined ? undefined : this.bySlot(slot);
  }

  byParentRoot(parentRoot: Hex): StoredBlock | undefined {
    return this.blocks().find((stored) => stored.parentRoot === parentRoot);
  }

  /** The newest block at or before `slot`. */
  atOrBefore(slot: number): StoredBlock | undefined {
    if (slot > GENESIS_SLOT && slot <= this.#droppedThrough) return undefined;
    for (let at = slot; at >= GENESIS_SLOT; at--) {
      const stored = this.bySlot(at);
      if (stored) return stored;
    }
    return undefined;
  }

  /** Oldest first. */
  blocks(): StoredBlock[] {
    return [...this.#blocks.values()];
  }

  /**
   * The chain's state at `slot`, empty slots processed when no block is there; undefined when it was pruned. A view:
   * cheap, without the caches of committees and shufflings.
   */
  stateAt(slot: number): BeaconStateAllForks | undefined {
    const stored = this.atOrBefore(slot);
    const node = stored && this.#stateNodes.get(stored.slot);
    if (!node) return undefined;
    if (stored.slot === slot) return this.#config.getForkTypes(slot).BeaconState.getViewDU(node) as BeaconStateAllForks;
    return this.cachedStateAt(slot);
  }

  /** The same with committees, proposers and sync committees at hand. */
  cachedStateAt(slot: number): DevnetState | undefined {
    if (this.#cached?.slot === slot) return this.#cached.state;
    const stored = this.atOrBefore(slot);
    const node = stored && this.#stateNodes.get(stored.slot);
    if (!node) return undefined;
    const view = this.#config.getForkTypes(stored.slot).BeaconState.getViewDU(node) as BeaconStateAllForks;
    let state: CachedBeaconStateAllForks = createCachedBeaconState(view, {
      config: this.#config,
      pubkeyCache: createPubkeyCache(),
    });
    if (stored.slot < slot) state = processSlots(state, slot);
    this.#cached = { slot, state: asDevnetState(state) };
    return this.#cached.state;
  }

  clone(): ChainStore {
    const copy = new ChainStore(this.#config, this.#limits);
    copy.#blocks = new Map(this.#blocks);
    copy.#rootAtSlot = new Map(this.#rootAtSlot);
    copy.#stateNodes = new Map(this.#stateNodes);
    copy.#slotOfState = new Map(this.#slotOfState);
    copy.#droppedThrough = this.#droppedThrough;
    return copy;
  }

  /** Drops the oldest, genesis excepted. A state needs its block, so blocks are never fewer than states. */
  #prune(): void {
    const { states } = this.#limits;
    const blocks = Math.max(states, this.#limits.blocks);
    for (const [root, { slot, stateRoot }] of this.#blocks) {
      if (this.#blocks.size <= blocks) break;
      if (slot === GENESIS_SLOT) continue;
      this.#blocks.delete(root);
      this.#rootAtSlot.delete(slot);
      this.#slotOfState.delete(stateRoot);
      this.#droppedThrough = slot;
    }
    for (const slot of this.#stateNodes.keys()) {
      if (this.#stateNodes.size <= states) break;
      if (slot !== GENESIS_SLOT) this.#stateNodes.delete(slot);
    }
  }
}

export const rootOf = (bytes: Uint8Array): Root => asRoot(toHex(bytes));

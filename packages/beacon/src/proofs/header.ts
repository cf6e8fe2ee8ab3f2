import { fromHex, type Root, toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import type { LoadedState } from '../state/LoadedState.ts';

/** consensus-specs `BeaconBlockHeader`. Its hash tree root is the block root that EIP-4788 exposes. */
export interface BeaconBlockHeader {
  readonly slot: number;
  readonly proposerIndex: number;
  readonly parentRoot: Root;
  readonly stateRoot: Root;
  readonly bodyRoot: Root;
}

export interface HeaderProof {
  readonly header: BeaconBlockHeader;
  /** `hash_tree_root(header)`. */
  readonly root: Root;
}

const ZERO_ROOT = `0x${'00'.repeat(32)}` as Root;

/** `hash_tree_root(header)`: the block root. */
export const headerRoot = (header: BeaconBlockHeader): Root =>
  toHex(
    ssz.phase0.BeaconBlockHeader.hashTreeRoot({
      slot: header.slot,
      proposerIndex: header.proposerIndex,
      parentRoot: fromHex(header.parentRoot, 32),
      stateRoot: fromHex(header.stateRoot, 32),
      bodyRoot: fromHex(header.bodyRoot, 32),
    }),
  ) as Root;

/**
 * The five fields that hash to a block's root, for a header, or for the latest block of a state.
 *
 * A block's post-state still has a zero in `latest_block_header.state_root` (it cannot hold its own root); the state's
 * root is what belongs there. A state carried over empty slots already has it filled in: then the header is that of the
 * last block, and its `stateRoot` is that block's, not this state's.
 */
export function headerProof(source: LoadedState | BeaconBlockHeader): HeaderProof {
  const header = 'node' in source ? latestHeader(source) : source;
  return { header, root: headerRoot(header) };
}

function latestHeader(state: LoadedState): BeaconBlockHeader {
  const latest = state.value(['latestBlockHeader']) as {
    slot: number;
    proposerIndex: number;
    parentRoot: Uint8Array;
    stateRoot: Uint8Array;
    bodyRoot: Uint8Array;
  };
  const stateRoot = toHex(latest.stateRoot) as Root;
  return {
    slot: latest.slot,
    proposerIndex: latest.proposerIndex,
    parentRoot: toHex(latest.parentRoot) as Root,
    stateRoot: stateRoot === ZERO_ROOT ? state.root : stateRoot,
    bodyRoot: toHex(latest.bodyRoot) as Root,
  };
}

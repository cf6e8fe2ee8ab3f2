import { type Gindex, getNode, type Node } from '@chainsafe/persistent-merkle-tree';
import { type CompositeTypeAny, isBasicType, isCompositeType } from '@chainsafe/ssz';
import { type Root, type Slot, slot, toHex } from '@holdfast/units';
import { BeaconAnswerError, BeaconProofError } from '../errors.ts';
import { type StateFork, stateTypeOf } from '../forks.ts';
import { type ForkLayout, forkLayout, type ListLayout, pathGindex } from '../layout/forkLayout.ts';

/** What a tree-backed state of @lodestar/types offers, cached beacon states of a state transition included. */
export interface StateTreeView {
  readonly node: Node;
  hashTreeRoot(): Uint8Array;
}

/** A beacon state as a hashed Merkle tree. Immutable: later changes to the view it came from do not reach it. */
export class LoadedState {
  readonly fork: StateFork;
  readonly layout: ForkLayout;
  readonly type: CompositeTypeAny;
  readonly node: Node;
  /** `hash_tree_root(state)`, computed here. */
  readonly root: Root;
  readonly slot: Slot;

  /** Hashes the tree (seconds when a mainnet state is cold, nothing when it is warm). */
  constructor(fork: StateFork, view: StateTreeView) {
    this.fork = fork;
    this.layout = forkLayout(fork);
    this.type = stateTypeOf(fork);
    this.root = toHex(view.hashTreeRoot()) as Root;
    this.node = view.node;
    this.slot = slot(this.number(['slot']));
  }

  /** The node at a generalized index. Throws BeaconProofError when the tree does not reach that far. */
  nodeAt(gindex: Gindex): Node {
    if (gindex < 1n) throw new BeaconProofError('not a generalized index', { data: { gindex } });
    try {
      return getNode(this.node, gindex);
    } catch (cause) {
      throw new BeaconProofError('the state has nothing at this generalized index', {
        data: { fork: this.fork, slot: this.slot, gindex },
        cause,
      });
    }
  }

  rootAt(gindex: Gindex): Root {
    return toHex(this.nodeAt(gindex).root) as Root;
  }

  /** The value at a path of the SSZ type's camel-case names, as @lodestar/types represents it. */
  value(path: readonly (string | number)[]): unknown {
    const { gindex, type } = this.type.getPathInfo([...path]);
    const node = this.nodeAt(gindex);
    if (isCompositeType(type)) return type.tree_toValue(node);
    // Several basic items share a leaf in a list, so a leaf alone does not say which one is meant.
    if (!isBasicType(type) || typeof path.at(-1) === 'number') {
      throw new BeaconProofError('not a single value', { data: { path: path.join('.') } });
    }
    const data = node.root;
    return type.value_deserializeFromBytes(
      { uint8Array: data, dataView: new DataView(data.buffer, data.byteOffset, data.byteLength) },
      0,
      type.byteLength,
    );
  }

  number(path: readonly (string | number)[]): number {
    return Number(this.value(path));
  }

  /** The number of items in a list, from its length node. */
  lengthOf(list: ListLayout): number {
    return Number(uint64At(this.nodeAt(list.lengthGindex).root, 0));
  }

  /** `balances[index]` in gwei. */
  balance(index: number): bigint {
    const { balances } = this.layout;
    requireIndex('balances', index, this.lengthOf(balances));
    return uint64At(this.nodeAt(pathGindex(this.fork, ['balances', index])).root, index % balances.itemsPerChunk);
  }
}

/**
 * A state from its SSZ bytes, hashed. Bytes are not trusted: compare `root` with a root that you trust.
 *
 * @throws BeaconAnswerError when the bytes are no such state (often: another preset or fork than was said)
 */
export function loadState(fork: StateFork, bytes: Uint8Array): LoadedState {
  try {
    return new LoadedState(fork, stateTypeOf(fork).deserializeToViewDU(bytes) as StateTreeView);
  } catch (cause) {
    throw new BeaconAnswerError('not an SSZ beacon state', {
      data: { fork, bytes: bytes.length },
      fix: 'Check the fork, and that LODESTAR_PRESET is the preset of the network',
      cause,
    });
  }
}

/** The `position`-th little-endian uint64 of a 32-byte leaf. */
export function uint64At(leaf: Uint8Array, position: number): bigint {
  return new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength).getBigUint64(position * 8, true);
}

export function requireIndex(list: string, index: number, length: number): void {
  if (!Number.isSafeInteger(index) || index < 0 || index >= length) {
    throw new BeaconProofError(`no such item in ${list}`, { data: { index, length } });
  }
}

import { concatGindices, type Gindex, toGindex } from '@chainsafe/persistent-merkle-tree';
import {
  ListBasicType,
  ListCompositeType,
  ProgressiveListBasicType,
  ProgressiveListCompositeType,
  VectorCompositeType,
} from '@chainsafe/ssz';
import { ssz } from '@lodestar/types';
import { BeaconForkError, BeaconProofError } from '../errors.ts';
import { type StateFork, stateTypeOf } from '../forks.ts';

/** Where a list stands in the state, and how its data part is laid out. */
export interface ListLayout {
  /** The list's root: hash(data root, length as a little-endian uint256). */
  readonly gindex: Gindex;
  readonly dataGindex: Gindex;
  readonly lengthGindex: Gindex;
  /** Depth of the data tree; `null` for a progressive list (EIP-7916), which is a chain of subtrees of depth 0, 2, 4… */
  readonly depth: number | null;
  /** Items in a 32-byte leaf: 4 for uint64, 1 for a container. */
  readonly itemsPerChunk: number;
}

/** Where a vector stands in the state. */
export interface VectorLayout {
  readonly gindex: Gindex;
  readonly depth: number;
  readonly length: number;
}

/** Generalized indices, from the state's root, of everything Holdfast proves. Computed from the SSZ types. */
export interface ForkLayout {
  readonly fork: StateFork;
  readonly genesisTime: Gindex;
  readonly genesisValidatorsRoot: Gindex;
  /**
   * Parent of `genesis_time` and `genesis_validators_root` while they are siblings (up to Fulu): a value known for
   * ever, so that a state of a moved layout cannot be read with this one. `null` from Gloas on, where the two are no
   * longer siblings; prove `genesisValidatorsRoot` itself there.
   */
  readonly witness: Gindex | null;
  readonly slot: Gindex;
  readonly forkField: Gindex;
  readonly latestBlockHeader: Gindex;
  readonly blockRoots: VectorLayout;
  readonly historicalSummaries: ListLayout;
  readonly validators: ListLayout;
  readonly balances: ListLayout;
  /** Since Electra. */
  readonly pendingDeposits: ListLayout | null;
  /** Since Gloas: withdrawals that the beacon state has deducted and the payload has yet to credit. */
  readonly payloadExpectedWithdrawals: ListLayout | null;
}

/** `state_root` in a `BeaconBlockHeader` (and in a `BeaconBlock`): 11. */
export const HEADER_STATE_ROOT_GINDEX: Gindex = ssz.phase0.BeaconBlockHeader.getPathInfo(['stateRoot']).gindex;
/** `body_root` in a `BeaconBlockHeader`: 12. */
export const HEADER_BODY_ROOT_GINDEX: Gindex = ssz.phase0.BeaconBlockHeader.getPathInfo(['bodyRoot']).gindex;

const layouts = new Map<StateFork, ForkLayout>();

/**
 * The layout of a fork's state under the preset of this process.
 *
 * @example forkLayout('electra').validators.gindex === 75n
 */
export function forkLayout(fork: StateFork): ForkLayout {
  const known = layouts.get(fork);
  if (known) return known;
  const layout = computeLayout(fork);
  layouts.set(fork, layout);
  return layout;
}

/**
 * The generalized index of any path in a fork's state, by the SSZ types' camel-case names. An index into a packed list
 * leads to its 32-byte chunk.
 *
 * @example pathGindex('fulu', ['finalizedCheckpoint', 'epoch'])
 */
export function pathGindex(fork: StateFork, path: readonly (string | number)[]): Gindex {
  return stateTypeOf(fork).getPathInfo([...path]).gindex;
}

function computeLayout(fork: StateFork): ForkLayout {
  const genesisTime = pathGindex(fork, ['genesisTime']);
  const genesisValidatorsRoot = pathGindex(fork, ['genesisValidatorsRoot']);
  const siblings = genesisTime >> 1n === genesisValidatorsRoot >> 1n;
  const afterDeneb = fork !== 'capella' && fork !== 'deneb';
  return {
    fork,
    genesisTime,
    genesisValidatorsRoot,
    witness: siblings ? genesisTime >> 1n : null,
    slot: pathGindex(fork, ['slot']),
    forkField: pathGindex(fork, ['fork']),
    latestBlockHeader: pathGindex(fork, ['latestBlockHeader']),
    blockRoots: vectorLayout(fork, 'blockRoots'),
    historicalSummaries: listLayout(fork, 'historicalSummaries'),
    validators: listLayout(fork, 'validators'),
    balances: listLayout(fork, 'balances'),
    pendingDeposits: afterDeneb ? listLayout(fork, 'pendingDeposits') : null,
    payloadExpectedWithdrawals: fork === 'gloas' ? listLayout(fork, 'payloadExpectedWithdrawals') : null,
  };
}

function listLayout(fork: StateFork, field: string): ListLayout {
  const { gindex, type } = stateTypeOf(fork).getPathInfo([field]);
  const progressive = type instanceof ProgressiveListBasicType || type instanceof ProgressiveListCompositeType;
  if (!progressive && !(type instanceof ListBasicType) && !(type instanceof ListCompositeType)) {
    throw new BeaconForkError({ data: { fork, field, type: type.typeName } });
  }
  return {
    gindex,
    dataGindex: gindex << 1n,
    lengthGindex: (gindex << 1n) | 1n,
    depth: progressive ? null : type.chunkDepth,
    itemsPerChunk: type.itemsPerChunk,
  };
}

function vectorLayout(fork: StateFork, field: string): VectorLayout {
  const { gindex, type } = stateTypeOf(fork).getPathInfo([field]);
  if (!(type instanceof VectorCompositeType)) throw new BeaconForkError({ data: { fork, field, type: type.typeName } });
  return { gindex, depth: type.chunkDepth, length: type.length };
}

/** A run of a list's leaves that hang in one perfect subtree. */
export interface ListSubtree {
  /** The subtree's root, from the state's root. */
  readonly gindex: Gindex;
  readonly depth: number;
  /** Chunk number (in the whole list) of the subtree's first leaf. */
  readonly firstChunk: number;
}

/** The perfect subtree that holds a chunk: the whole data tree of an ordinary list, one link of a progressive one. */
export function subtreeOfChunk(list: ListLayout, chunk: number): ListSubtree {
  if (!Number.isSafeInteger(chunk) || chunk < 0) throw new BeaconProofError('not a chunk number', { data: { chunk } });
  if (list.depth !== null) return { gindex: list.dataGindex, depth: list.depth, firstChunk: 0 };
  let firstChunk = 0;
  let link = 0;
  while (chunk >= firstChunk + 4 ** link) {
    firstChunk += 4 ** link;
    link += 1;
  }
  // Each link of the chain is hash(its subtree, the next link): `link` steps to the right, then one to the left.
  const toLink = ((1n << BigInt(link + 1)) - 1n) << 1n;
  return { gindex: concatGindices([list.dataGindex, toLink]), depth: 2 * link, firstChunk };
}

/** The generalized index of a chunk of a list (for a list of containers: of an item). */
export function chunkGindex(list: ListLayout, chunk: number): Gindex {
  const subtree = subtreeOfChunk(list, chunk);
  return concatGindices([subtree.gindex, toGindex(subtree.depth, BigInt(chunk - subtree.firstChunk))]);
}

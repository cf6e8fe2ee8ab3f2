import { type BeaconBlockHeader, type BeaconClient, type LoadedState, verifierStateProof } from '@holdfast/beacon';
import type { Hex, Root } from '@holdfast/units';
import { asRoot, sameHex } from '@holdfast/units';
import type { PublicClient } from 'viem';
import { PoolReadError } from '../errors.ts';

import type { StateProof } from './types.ts';

/** EIP-4788's system contract. */
export const BEACON_ROOTS_ADDRESS: Hex = '0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02';

/** A beacon state that a contract can be shown now: EIP-4788 gives its block's root for `timestamp`. */
export interface ProvableMoment {
  /** Seconds: of the execution block that exposes the root. */
  readonly timestamp: number;
  readonly root: Root;
  readonly header: BeaconBlockHeader;
  /** The block's post-state. `state.root` is `header.stateRoot`. */
  readonly state: LoadedState;
  /** The way to that state, as every proving call takes it. */
  readonly proof: StateProof;
}

export interface ProvableMomentParameters {
  readonly beaconClient: BeaconClient;
  /**
   * With it the root comes from the execution layer itself (its latest block's `parentBeaconBlockRoot`), so that no
   * beacon node is trusted. Without it the beacon head and its parent are taken at the node's word for which is head.
   */
  readonly publicClient?: PublicClient | undefined;
}

/**
 * The youngest beacon state that contracts can be shown, verified: the header hashes to the root, the state to the
 * header's state root.
 *
 * @throws BeaconLieError when a node shows something else; BeaconUnavailableError when none can answer
 */
export async function provableMoment(parameters: ProvableMomentParameters): Promise<ProvableMoment> {
  const { timestamp, root } = parameters.publicClient
    ? await newestRoot(parameters.publicClient)
    : await headParent(parameters.beaconClient);
  return momentAt(parameters.beaconClient, timestamp, root);
}

/** The moment behind a root that is already known and trusted. */
export async function momentAt(beaconClient: BeaconClient, timestamp: number, root: Root): Promise<ProvableMoment> {
  await beaconClient.spec();
  const { header, state } = await beaconClient.verifiedState(root);
  return { timestamp, root, header: header.header, state, proof: verifierStateProof(state, header.header, timestamp) };
}

async function newestRoot(publicClient: PublicClient): Promise<{ timestamp: number; root: Root }> {
  const block = await publicClient.getBlock({ blockTag: 'latest' });
  const root = block.parentBeaconBlockRoot;
  if (!root) {
    throw new PoolReadError('the execution block has no parent beacon block root', { data: { block: block.number } });
  }
  return { timestamp: Number(block.timestamp), root: asRoot(root) };
}

async function headParent(beaconClient: BeaconClient): Promise<{ timestamp: number; root: Root }> {
  const [spec, genesis, head] = await Promise.all([
    beaconClient.spec(),
    beaconClient.genesis(),
    beaconClient.header('head'),
  ]);
  const timestamp = genesis.genesisTime + (head.header.slot * spec.config.SLOT_DURATION_MS) / 1000;
  return { timestamp, root: head.header.parentRoot };
}

/** What EIP-4788 answers for `timestamp` in the state of a block: the root, or null when it knows none. */
export async function beaconRootAt(
  publicClient: PublicClient,
  timestamp: bigint,
  blockNumber: bigint,
): Promise<Root | null> {
  const data: Hex = `0x${timestamp.toString(16).padStart(64, '0')}`;
  try {
    const answer = await publicClient.call({ to: BEACON_ROOTS_ADDRESS, data, blockNumber });
    return answer.data && answer.data.length === 66 && !sameHex(answer.data, `0x${'00'.repeat(32)}`)
      ? asRoot(answer.data)
      : null;
  } catch {
    // The system contract reverts for a timestamp that it does not hold.
    return null;
  }
}

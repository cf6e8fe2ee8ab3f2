import {
  type BeaconClient,
  BeaconHttpError,
  blockRootsOf,
  type HeaderAnswer,
  type LoadedState,
  verifierHop,
} from '@holdfast/beacon';
import type { Hop } from '@holdfast/pool';
import type { Root } from '@holdfast/units';
import { KeeperEvidenceError } from '../errors.ts';

/** Empty slots in a row that are stepped over when a block is looked for. Mainnet's longest run so far is under 10. */
const EMPTY_SLOTS_MAX = 256;

/** The header of the block of a slot; null when the slot is empty. */
async function headerAt(beaconClient: BeaconClient, slot: number): Promise<HeaderAnswer | null> {
  try {
    return await beaconClient.header(slot);
  } catch (error) {
    if (error instanceof BeaconHttpError && error.status === 404) return null;
    throw error;
  }
}

/** The last block in or before a slot. */
export async function blockUpTo(beaconClient: BeaconClient, slot: number): Promise<HeaderAnswer> {
  for (let at = slot; at >= 0 && at > slot - EMPTY_SLOTS_MAX; at -= 1) {
    const header = await headerAt(beaconClient, at);
    if (header !== null) return header;
  }
  throw new KeeperEvidenceError('the nodes show no block', { data: { slot, emptySlots: EMPTY_SLOTS_MAX } });
}

/** The first block after a slot, up to `last`. */
export async function blockAfter(beaconClient: BeaconClient, slot: number, last: number): Promise<HeaderAnswer> {
  for (let at = slot + 1; at <= last; at += 1) {
    const header = await headerAt(beaconClient, at);
    if (header !== null) return header;
  }
  throw new KeeperEvidenceError('the nodes show no block', { data: { slot, last } });
}

/** The way from a recent state back to an older block's header, also where the state itself reaches no more. */
export async function hopTo(beaconClient: BeaconClient, recent: LoadedState, header: HeaderAnswer): Promise<Hop> {
  const { length } = recent.layout.blockRoots;
  const { slot } = header.header;
  const periodRoots =
    recent.slot - slot > length ? await rootsOfPeriod(beaconClient, Math.floor(slot / length), length) : undefined;
  return verifierHop(recent, header.header, periodRoots);
}

/**
 * Block roots of the slots of a period: those that the period's last block knows of, and for the slots from it on the
 * root of that block itself. They are checked against the period's summary when the hop is proven.
 */
async function rootsOfPeriod(beaconClient: BeaconClient, period: number, length: number): Promise<Root[]> {
  const last = await blockUpTo(beaconClient, (period + 1) * length - 1);
  const { state } = await beaconClient.verifiedState(last.root);
  return blockRootsOf(state).map((root, position) =>
    period * length + position < last.header.slot ? root : last.root,
  );
}

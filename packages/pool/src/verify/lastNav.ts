import type { BeaconClient } from '@holdfast/beacon';
import { asRoot, WEI_PER_GWEI } from '@holdfast/units';
import type { Pool } from '../Pool.ts';
import { readAt, readFields } from '../read/at.ts';
import type { PoolEvent } from '../read/poolEvents.ts';
import { readValidators } from '../read/readValidators.ts';
import { isLive } from '../read/status.ts';
import { holdingsOf } from './holdings.ts';
import { type BackingRow, equalRow, textRow } from './report.ts';

type EventNamed<N extends PoolEvent['name']> = Extract<PoolEvent, { readonly name: N }>;

/**
 * The NAV of the last finished checkpoint, recomputed from the beacon state that it was proven from (I4: to the gwei).
 * Null when there was none.
 */
export async function lastNavRow(
  pool: Pool,
  beaconClient: BeaconClient,
  events: readonly PoolEvent[],
): Promise<BackingRow | null> {
  const finished = lastOf(events, 'CheckpointFinished');
  if (!finished) return null;
  const check = `NAV of the checkpoint at slot ${finished.args.slot}`;
  const started = events.findLast(
    (event): event is EventNamed<'CheckpointStarted'> =>
      event.name === 'CheckpointStarted' && event.args.root === finished.args.root,
  );
  if (!started) return textRow({ check, ok: false, expected: 'a start before its end', actual: 'no start' });
  const moved = events.find(
    ({ name, blockNumber }) =>
      ['RecoveryProven', 'ReferenceProven', 'SlashingSettled'].includes(name) &&
      blockNumber >= started.blockNumber &&
      blockNumber <= finished.blockNumber,
  );
  const skipped = (note: string): BackingRow =>
    textRow({ check, ok: null, expected: 'recomputed', actual: `${finished.args.nav} wei`, note });
  if (moved)
    return skipped(`evidence on a slashing came while it was open (${moved.name}): its value then is not on record`);
  try {
    const expected = await recomputed(pool, beaconClient, started, finished);
    return equalRow({ check, expected, actual: finished.args.nav });
  } catch (error) {
    if (isUntrue(error)) throw error;
    return skipped(
      `its state is no longer to be had (${error instanceof Error ? error.message.slice(0, 120) : 'unknown'})`,
    );
  }
}

async function recomputed(
  pool: Pool,
  beaconClient: BeaconClient,
  started: EventNamed<'CheckpointStarted'>,
  finished: EventNamed<'CheckpointFinished'>,
): Promise<bigint> {
  const { config, facts } = pool.manifest;
  const { blockNumber } = finished;
  const read = readAt(pool, blockNumber);
  const slot = Number(finished.args.slot);
  const [{ state }, validators, { cash, liabilities }] = await Promise.all([
    beaconClient.verifiedState(asRoot(finished.args.root)),
    readValidators(pool, read, blockNumber),
    readFields(read, 'vault', 'frozen'),
  ]);
  const counted = validators.filter(
    ({ status, balanceSlot }) => balanceSlot === slot && (isLive(status) || status === 'withdrawn'),
  );
  const holdings = holdingsOf(counted, {
    state,
    slotsPerEpoch: facts.clock.slotsPerEpoch,
    stakeGwei: config.ledger.stakeGwei,
    untilSlot: Number(started.args.startSlot),
  });
  const outside = holdings.reduce((sum, { valueGwei, inFlightGwei }) => sum + valueGwei + inFlightGwei, 0n);
  const gross = cash + outside * WEI_PER_GWEI;
  return gross > liabilities ? gross - liabilities : 0n;
}

export function lastOf<N extends PoolEvent['name']>(events: readonly PoolEvent[], name: N): EventNamed<N> | undefined {
  return events.findLast((event): event is EventNamed<N> => event.name === name);
}

/** Whether a beacon node was caught lying (by itself, or among others that could not answer either). */
export function isUntrue(error: unknown): boolean {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  return code === 'BEACON_LIE' || (Array.isArray(errors) && errors.some(isUntrue));
}

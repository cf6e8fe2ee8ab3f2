import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@lodestar/api/server';
import type { Devnet } from '../devnet.ts';
import { DevnetError } from '../errors.ts';

/** Some of a list were refused: the standard's `IndexedError`. The others were taken. */
export class FailuresError extends ApiError {
  readonly failures: readonly { readonly index: number; readonly message: string }[];

  constructor(failures: readonly { readonly index: number; readonly message: string }[]) {
    super(400, `Refused ${failures.length} of the list, the first because ${failures[0]?.message}`);
    this.failures = failures;
  }
}

/** What is refused is the sender's fault: 400. Nothing advances meanwhile. */
export async function admit<T>(devnet: Devnet, task: () => T | Promise<T>): Promise<T> {
  try {
    return await devnet.exclusively(task);
  } catch (error) {
    if (error instanceof DevnetError) throw new ApiError(400, error.message);
    throw error;
  }
}

/** Takes each item by itself, as gossip would, and tells which were refused. */
export async function admitAll<T>(devnet: Devnet, items: readonly T[], take: (item: T) => void): Promise<void> {
  const failures = await devnet.exclusively(() =>
    items.flatMap((item, index) => {
      try {
        take(item);
        return [];
      } catch (error) {
        if (!(error instanceof DevnetError)) throw error;
        return [{ index, message: error.message }];
      }
    }),
  );
  if (failures.length > 0) throw new FailuresError(failures);
}

const POLL_MS = 5;

/**
 * Waits for a slot that is about to begin, when slots pass by the clock: a client's clock may be a little ahead, and the
 * devnet's own proposer takes a moment.
 *
 * @throws ApiError 400 when it is another slot
 */
export async function duringSlot(devnet: Devnet, slot: number): Promise<void> {
  const deadline = Date.now() + devnet.config.SLOT_DURATION_MS;
  while (devnet.slot + 1 === slot && devnet.running && Date.now() < deadline) await sleep(POLL_MS);
  if (devnet.slot !== slot) throw new ApiError(400, `It is slot ${devnet.slot}, not ${slot}`);
}

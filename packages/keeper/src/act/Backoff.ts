/** Slots that the first failure of an action costs; each further one twice as many. */
const REST_SLOTS = 1;
const REST_SLOTS_MAX = 64;
/** Where somebody else was first the chain mostly shows it in the next slot; a keeper that always loses stands back. */
const OVERTAKEN_SLOTS_MAX = 8;

interface Rest {
  readonly failures: number;
  readonly untilSlot: number;
}

/**
 * Which actions rest after a failure, and for how long: each by itself, so that none holds up another. Counted in slots
 * of the chain, since nothing can succeed while it stands still. Lost in a restart, which only costs one more attempt.
 */
export class Backoff {
  private readonly rests = new Map<string, Rest>();

  failed(key: string, slot: number): void {
    this.rest(key, slot, REST_SLOTS_MAX);
  }

  /** Somebody else was first. */
  overtaken(key: string, slot: number): void {
    this.rest(key, slot, OVERTAKEN_SLOTS_MAX);
  }

  succeeded(key: string): void {
    this.rests.delete(key);
  }

  resting(slot: number): ReadonlySet<string> {
    return new Set([...this.rests].filter(([, { untilSlot }]) => slot < untilSlot).map(([key]) => key));
  }

  private rest(key: string, slot: number, slotsMax: number): void {
    const failures = (this.rests.get(key)?.failures ?? 0) + 1;
    const slots = Math.min(REST_SLOTS * 2 ** (failures - 1), slotsMax);
    this.rests.set(key, { failures, untilSlot: slot + slots });
  }

  /** Forgets failures that nobody tried to repeat for long: the action is no longer wanted. */
  prune(slot: number): void {
    for (const [key, { untilSlot }] of this.rests) {
      if (slot > untilSlot + 4 * REST_SLOTS_MAX) this.rests.delete(key);
    }
  }
}

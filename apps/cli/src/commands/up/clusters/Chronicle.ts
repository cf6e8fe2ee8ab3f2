import type { ClusterDutyRow, ClusterSlotRow } from '@holdfast/dashboard';
import type { NodeDigest } from './protocol.ts';

/** Duties are counted over so many slots. */
export const WINDOW_SLOTS = 32;
/** A partial this much of a slot after the first of its slot is late. */
const LATE_PART = 1 / 6;

interface Duty {
  published: number | null;
  round: number | null;
  leader: number | null;
  why: string | null;
}

interface Slot {
  readonly duties: Map<string, Duty>;
  /** When the first partial of each node was with another one, by node. */
  readonly partials: Map<number, number>;
}

/** How one node signed in the last slots. */
export interface Timeliness {
  readonly partialMs: number | null;
  readonly late: boolean;
  readonly led: number;
}

/** What became of a cluster's duties, put together from what each of its nodes saw. A duty that one node published is done. */
export class Chronicle {
  readonly #slotMs: number;
  readonly #slots = new Map<number, Slot>();

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  add({ duties }: NodeDigest): void {
    for (const trace of duties) {
      const slot = this.#at(trace.slot);
      for (const [node, ms] of Object.entries(trace.partials)) {
        const known = slot.partials.get(Number(node) + 1);
        slot.partials.set(Number(node) + 1, Math.min(ms, known ?? ms));
      }
      if (trace.duty === 'partials') continue;
      const duty = slot.duties.get(trace.duty) ?? { published: null, round: null, leader: null, why: null };
      slot.duties.set(trace.duty, duty);
      const published = trace.stages.published;
      if (published !== undefined) duty.published = Math.min(published, duty.published ?? published);
      duty.round ??= trace.round ?? null;
      duty.leader ??= trace.leader === undefined ? null : trace.leader + 1;
      duty.why ??= trace.missed ?? null;
    }
    this.forget(Math.max(...this.#slots.keys()));
  }

  /** Forgets what is older than the window that ends with this slot: a cluster may have nothing more to do. */
  forget(now: number): void {
    for (const slot of this.#slots.keys()) if (slot <= now - WINDOW_SLOTS) this.#slots.delete(slot);
  }

  /** Slots with duties, the newest first. */
  rows(): ClusterSlotRow[] {
    return this.#newest()
      .filter(([, { duties }]) => duties.size > 0)
      .map(([slot, { duties }]) => ({
        slot,
        duties: [...duties.entries()]
          .map(([duty, told]) => rowOf(duty, told))
          .sort((a, b) => (a.duty < b.duty ? -1 : 1)),
      }));
  }

  /** @param slots how many of the newest slots to look at */
  timeliness(node: number, slots: number): Timeliness {
    const newest = this.#newest().slice(0, slots);
    const signed = newest.filter(([, { partials }]) => partials.size > 0);
    const times = signed.flatMap(([, { partials }]) => partials.get(node) ?? []).sort((a, b) => a - b);
    const late = signed.filter(([, { partials }]) => {
      const own = partials.get(node);
      return own === undefined || own > Math.min(...partials.values()) + this.#slotMs * LATE_PART;
    });
    return {
      partialMs: times[Math.floor(times.length / 2)] ?? null,
      late: late.length * 2 > signed.length,
      led: newest.flatMap(([, { duties }]) => [...duties.values()]).filter(({ leader }) => leader === node).length,
    };
  }

  #newest(): [number, Slot][] {
    return [...this.#slots.entries()].sort(([a], [b]) => b - a);
  }

  #at(number: number): Slot {
    const known = this.#slots.get(number);
    if (known) return known;
    const fresh: Slot = { duties: new Map(), partials: new Map() };
    this.#slots.set(number, fresh);
    return fresh;
  }
}

function rowOf(duty: string, { published, round, leader, why }: Duty): ClusterDutyRow {
  const done = published !== null ? true : why === null ? null : false;
  return { duty, done, round, leader, doneMs: published, why: done === false ? why : null };
}

import type { DutyStage } from '../duties/ports.ts';

/** How one duty of one slot went. Times are milliseconds after the slot's start. */
export interface DutyTrace {
  readonly duty: string;
  readonly slot: number;
  readonly stages: Partial<Record<DutyStage, number>>;
  /** How many validators' objects came that far: of the last stage. */
  count: number;
  /** Round in which it was agreed, and the node (from 0) whose proposal it was. */
  round?: number;
  leader?: number;
  /** When each node's partial signature came, by position. */
  readonly partials: Record<number, number>;
  missed?: string;
}

const SLOTS_KEPT = 64;

/** The last duties, stage by stage: what an operator looks at when one was missed. */
export class Trace {
  readonly #traces = new Map<number, Map<string, DutyTrace>>();
  readonly #sinceSlotMs: (slot: number) => number;

  /** @param sinceSlotMs milliseconds since the start of a slot */
  constructor(sinceSlotMs: (slot: number) => number) {
    this.#sinceSlotMs = sinceSlotMs;
  }

  stage(duty: string, slot: number, stage: DutyStage, count: number): void {
    const trace = this.#at(duty, slot);
    trace.stages[stage] ??= Math.round(this.#sinceSlotMs(slot));
    trace.count = count;
  }

  agreed(duty: string, slot: number, round: number, leader: number): void {
    const trace = this.#at(duty, slot);
    trace.round = round;
    trace.leader = leader;
  }

  /** Partials are not told apart by duty: they belong to whatever the slot signs. */
  partial(node: number, slot: number): void {
    this.#at('partials', slot).partials[node] ??= Math.round(this.#sinceSlotMs(slot));
  }

  missed(duty: string, slot: number, why: string): void {
    this.#at(duty, slot).missed = why;
  }

  /** The newest first. */
  recent(): DutyTrace[] {
    return [...this.#traces.entries()].sort(([a], [b]) => b - a).flatMap(([, traces]) => [...traces.values()]);
  }

  #at(duty: string, slot: number): DutyTrace {
    const ofSlot = this.#traces.get(slot) ?? new Map<string, DutyTrace>();
    this.#traces.set(slot, ofSlot);
    for (const old of this.#traces.keys()) if (old <= slot - SLOTS_KEPT) this.#traces.delete(old);
    const known = ofSlot.get(duty);
    if (known) return known;
    const fresh: DutyTrace = { duty, slot, stages: {}, count: 0, partials: {} };
    ofSlot.set(duty, fresh);
    return fresh;
  }
}

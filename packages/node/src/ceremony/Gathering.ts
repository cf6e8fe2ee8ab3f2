import type { Party } from '@holdfast/keys';
import type { Beat } from './beat.ts';

/** A party that was not heard for so long is away, milliseconds. */
const AWAY_MS = 3_000;

export interface GatheringOptions {
  readonly self: Party;
  readonly parties: number;
  /** How many may fail or lie. */
  readonly faults: number;
  /** When this node's patience is over: from then on it wants to begin with those who are here. */
  readonly patienceEndsMs: number;
}

/**
 * When to begin. A ceremony's rounds are counted from its start, so all honest nodes must start together although their
 * operators did not. Each says that it wants to: when all are here, when its patience is over, or when f + 1 say so (one
 * of them is honest). It begins when n − f want to: then f + 1 honest ones said so, all others hear it and follow, and
 * liars alone can neither start it early nor hold it up.
 */
export class Gathering {
  readonly #options: GatheringOptions;
  readonly #heardMs = new Map<Party, number>();
  readonly #wanting = new Set<Party>();

  constructor(options: GatheringOptions) {
    this.#options = options;
  }

  heard(party: Party, beat: Beat, nowMs: number): void {
    this.#heardMs.set(party, nowMs);
    if (beat.wantsStart) this.#wanting.add(party);
  }

  /** Of the others, those who are here now. */
  present(nowMs: number): Party[] {
    return this.#others.filter((party) => nowMs - (this.#heardMs.get(party) ?? Number.NEGATIVE_INFINITY) < AWAY_MS);
  }

  absent(nowMs: number): Party[] {
    const present = new Set(this.present(nowMs));
    return this.#others.filter((party) => !present.has(party));
  }

  /** Whether this node wants to begin. Stays so. */
  wantsStart(nowMs: number): boolean {
    const { self, faults, patienceEndsMs } = this.#options;
    if (this.#wanting.has(self)) return true;
    const wants = this.absent(nowMs).length === 0 || nowMs >= patienceEndsMs || this.#wanting.size > faults;
    if (wants) this.#wanting.add(self);
    return wants;
  }

  get isStarting(): boolean {
    const { self, parties, faults } = this.#options;
    return this.#wanting.has(self) && this.#wanting.size >= parties - faults;
  }

  get #others(): Party[] {
    const { self, parties } = this.#options;
    return Array.from({ length: parties }, (_, i) => i + 1).filter((party) => party !== self);
  }
}

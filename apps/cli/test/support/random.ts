/** Numbers that a seed gives: the same ones for ever (mulberry32). */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** From `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.#next() * (max - min + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.between(0, list.length - 1)]!;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** What this run is seeded with: HOLDFAST_SEED replays another's. Printed, so that a failure can be. */
export function seeded(name: string): Random {
  const seed = Number(process.env.HOLDFAST_SEED ?? 20_261_121);
  console.log(`${name}: HOLDFAST_SEED=${seed}`);
  return new Random(seed);
}

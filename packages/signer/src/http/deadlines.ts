/** Something that is waited for, until `expire` is called. */
interface Waiting {
  readonly since: number;
  readonly expire: () => void;
}

const SWEEP_MS_MAX = 250;

/**
 * One time limit for thousands of waits at once. Since all have the same, they end in the order in which they began: one
 * timer looks at the oldest, where a timer for each would cost as much as the rest of a request's book-keeping.
 */
export class Deadlines {
  readonly #timeoutMs: number;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Calls `expire` once the limit has passed (up to a quarter of it later, at most 250 ms), unless it is `remove`d before. */
  add(expire: () => void): Waiting {
    const waiting = { since: performance.now(), expire };
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => this.#sweep(), Math.min(SWEEP_MS_MAX, this.#timeoutMs / 4)).unref();
    return waiting;
  }

  remove(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  #sweep(): void {
    const latest = performance.now() - this.#timeoutMs;
    for (const waiting of this.#waiting) {
      if (waiting.since > latest) return;
      this.#waiting.delete(waiting);
      waiting.expire();
    }
    // Nothing is left: the timer rests until something is waited for again.
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}

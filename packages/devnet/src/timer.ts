/** Calls `tick` whenever it is due, never two at a time. Late ticks follow at once until the clock is met again. */
export class SlotTimer {
  readonly #tick: () => Promise<unknown>;
  /** When the next tick is truly due, in milliseconds since 1970. */
  readonly #dueAt: () => number;
  #handle: NodeJS.Timeout | null = null;
  #underWay: Promise<void> = Promise.resolve();
  #failure: unknown = null;

  constructor(tick: () => Promise<unknown>, dueAt: () => number) {
    this.#tick = tick;
    this.#dueAt = dueAt;
  }

  get running(): boolean {
    return this.#handle !== null;
  }

  /** `periodMs` is a slot's length. */
  start(periodMs: number): void {
    if (this.running) return;
    const offset = Date.now() - this.#dueAt();
    // Within one period of the wall clock the chain's time is taken for true; else it only keeps the pace.
    this.#schedule(Math.abs(offset) <= periodMs ? 0 : offset + periodMs);
  }

  async stop(): Promise<void> {
    if (this.#handle) clearTimeout(this.#handle);
    this.#handle = null;
    await this.#underWay;
    const failure = this.#failure;
    this.#failure = null;
    if (failure) throw failure;
  }

  #schedule(offset: number): void {
    const wait = Math.max(0, this.#dueAt() + offset - Date.now());
    this.#handle = setTimeout(() => {
      this.#underWay = this.#tick().then(
        () => {
          if (this.#handle) this.#schedule(offset);
        },
        (error: unknown) => {
          // Kept for `stop`: a chain that cannot go on must not look like one that was stopped.
          this.#failure = error;
          this.#handle = null;
        },
      );
    }, wait);
  }
}

/** Runs a task again and again, never two at a time, resting at least as long as it took. */
export class Loop {
  readonly #task: () => Promise<void>;
  readonly #restMs: number;
  #timer: NodeJS.Timeout | null = null;
  #underWay: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(task: () => Promise<void>, restMs: number) {
    this.#task = task;
    this.#restMs = restMs;
  }

  start(): void {
    this.#underWay = this.#once();
  }

  /** Runs it now if it rests. */
  hurry(): void {
    if (this.#timer === null || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#underWay = this.#once();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#underWay;
  }

  async #once(): Promise<void> {
    const started = performance.now();
    await this.#task();
    if (this.#stopped) return;
    const rest = Math.max(this.#restMs, performance.now() - started);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#underWay = this.#once();
    }, rest);
  }
}

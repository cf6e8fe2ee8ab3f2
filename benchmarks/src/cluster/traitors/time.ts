import type { Clock } from '@holdfast/node';

interface Alarm {
  readonly ms: number;
  readonly ring: () => void;
  off: boolean;
}

/**
 * Time that moves from one alarm to the next and stands still while anything is being worked on: a thousand slots of
 * twelve seconds pass as fast as their signatures are made. Work on other threads must be announced by `during`.
 */
export class VirtualTime implements Clock {
  /** The next first. */
  #alarms: Alarm[] = [];
  #nowMs: number;
  #working = 0;
  #onIdle: (() => void) | undefined;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  alarm(ms: number, ring: () => void): () => void {
    const alarm: Alarm = { ms: Math.max(ms, this.#nowMs), ring, off: false };
    this.#alarms.splice(this.#place(alarm.ms), 0, alarm);
    return () => {
      alarm.off = true;
    };
  }

  after(ms: number): Promise<void> {
    return new Promise((resolve) => this.alarm(this.#nowMs + ms, resolve));
  }

  /** Real work, which takes no time here: the clock waits for it. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#working += 1;
    try {
      return await work;
    } finally {
      this.#working -= 1;
      if (this.#working === 0) this.#onIdle?.();
    }
  }

  async runUntil(ms: number): Promise<void> {
    for (;;) {
      await this.#settled();
      const next = this.#alarms[0];
      if (next === undefined || next.ms > ms) break;
      this.#nowMs = next.ms;
      while (this.#alarms[0] !== undefined && this.#alarms[0].ms <= this.#nowMs) {
        const due = this.#alarms.shift()!;
        if (!due.off) due.ring();
      }
    }
    this.#nowMs = ms;
  }

  /** Everything that promises lead to has run, and no other thread is at work. */
  async #settled(): Promise<void> {
    await turn();
    while (this.#working > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      this.#onIdle = undefined;
      await turn();
    }
  }

  #place(ms: number): number {
    let [low, high] = [0, this.#alarms.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#alarms[middle]!.ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

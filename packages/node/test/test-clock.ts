import type { Clock } from '../src/index.ts';

/** Time that stands still until it is set; alarms ring in their order. */
export class TestClock implements Clock {
  #nowMs: number;
  #alarms: { readonly ms: number; readonly ring: () => void }[] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  alarm(ms: number, ring: () => void): () => void {
    const alarm = { ms, ring };
    if (ms <= this.#nowMs) queueMicrotask(() => this.#alarms.includes(alarm) && this.#ring(alarm));
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  set(nowMs: number): void {
    this.#nowMs = nowMs;
    const due = this.#alarms.filter(({ ms }) => ms <= nowMs).sort((a, b) => a.ms - b.ms);
    for (const alarm of due) if (this.#alarms.includes(alarm)) this.#ring(alarm);
  }

  #ring(alarm: { readonly ms: number; readonly ring: () => void }): void {
    this.#alarms = this.#alarms.filter((other) => other !== alarm);
    alarm.ring();
  }
}

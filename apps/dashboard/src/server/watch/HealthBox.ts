import type { Health, HealthState } from '../../shared/state.ts';

/** Whether one source answers, and since when it does or does not. */
export class HealthBox {
  #health: Health;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#health = { state: 'starting', message: '', sinceMs: nowMs() };
  }

  get value(): Health {
    return this.#health;
  }

  set(state: HealthState, message = ''): void {
    if (state === this.#health.state && message === this.#health.message) return;
    const sinceMs = state === this.#health.state ? this.#health.sinceMs : this.#nowMs();
    this.#health = { state, message, sinceMs };
  }

  fail(error: unknown): void {
    this.set(error instanceof WrongNetwork ? 'wrong-network' : 'down', briefly(error));
  }
}

/** The source answers, but for another chain than the pool's. */
export class WrongNetwork extends Error {}

/** One line of an error, without the stack and the request that it may repeat. */
export function briefly(error: unknown): string {
  const { shortMessage } = error as { shortMessage?: unknown };
  const text = typeof shortMessage === 'string' ? shortMessage : error instanceof Error ? error.message : String(error);
  const line = text.split('\n')[0]!;
  return line.length > 240 ? `${line.slice(0, 240)}…` : line;
}

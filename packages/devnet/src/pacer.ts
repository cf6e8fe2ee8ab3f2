import { setTimeout as sleep } from 'node:timers/promises';
import type { Eip1193Provider } from './execution/eip1193.ts';

const IDLE_MS = 100;

/**
 * Lets slots pass while something waits for them, and only then: for a devnet whose time is stepped, not the clock's.
 *
 * @example
 * const pacer = new Pacer(() => devnet.step());
 * const provider = pacer.watching(toEip1193(devnet.execution));
 * await pacer.during(deployPool(…)); // sends through the provider, and waits for receipts
 */
export class Pacer {
  readonly #step: () => Promise<unknown>;
  readonly #idleMs: number;
  #sent = false;
  #steppedAt = 0;

  /** @param idleMs how long nothing may happen before a slot passes all the same, in milliseconds */
  constructor(step: () => Promise<unknown>, idleMs: number = IDLE_MS) {
    this.#step = step;
    this.#idleMs = idleMs;
  }

  /** The same provider; a transaction that goes through it is given a slot at once. */
  watching(provider: Eip1193Provider): Eip1193Provider {
    return {
      request: async (call) => {
        const answer = await provider.request(call);
        if (call.method === 'eth_sendRawTransaction') this.#sent = true;
        return answer;
      },
    };
  }

  /** One slot. */
  async step(): Promise<void> {
    this.#sent = false;
    await this.#step();
    this.#steppedAt = performance.now();
  }

  /**
   * Waits for `task`, letting a slot pass whenever a transaction was sent, or when nothing has happened for a while (a
   * receipt that was asked for just too early is asked for again in the next block only).
   */
  async during<T>(task: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    task.then(end, end);
    this.#steppedAt = performance.now();
    while (!over) {
      await sleep(1);
      if (!over && (this.#sent || performance.now() - this.#steppedAt > this.#idleMs)) await this.step();
    }
    return task;
  }
}

import { ProtectionClosedError } from '../errors.ts';

/** One piece of work after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new ProtectionClosedError('the protection store is closed'));
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Takes nothing more and waits for what was asked before. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }
}

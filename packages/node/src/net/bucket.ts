/** A token bucket: `rate` a second on average, `burst` at once. `nowMs` comes from the caller. */
export class Bucket {
  #tokens: number;
  #atMs: number;
  readonly #rate: number;
  readonly #burst: number;

  constructor(rate: number, burst: number, nowMs: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  take(count: number, nowMs: number): boolean {
    const elapsed = Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsed * this.#rate);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

import type { PoolConfig } from './pool-deploy.ts';

export const ONE = 10n ** 18n;
const FLOOR = 10n ** 9n;
const BPS = 10_000n;

/** The share rate's rules, kept a second time: gains drip, losses enter at once, fees above the high-water mark. */
export class MirrorRate {
  readonly #config: PoolConfig['vault'];
  from = ONE;
  target = ONE;
  since: number;
  until: number;
  highWater = ONE;

  constructor(config: PoolConfig['vault'], now: number) {
    this.#config = config;
    this.since = now;
    this.until = now;
  }

  at(time: number): bigint {
    if (time >= this.until) return this.target;
    return this.from + ((this.target - this.from) * BigInt(time - this.since)) / BigInt(this.until - this.since);
  }

  /** A checkpoint: what the shares own, in wei. Gives the fee. */
  report(assets: bigint, supply: bigint, now: number): bigint {
    const base = (this.highWater * supply) / ONE;
    let fee = 0n;
    if (assets > base) {
      fee = ((assets - base) * BigInt(this.#config.feeBps)) / BPS;
      this.highWater = ((assets - fee) * ONE) / supply;
    }
    const current = this.at(now);
    let goal = ((assets - fee) * ONE) / supply;
    if (goal <= current) this.#flat(goal, now);
    else {
      if (goal > 2n * current) goal = 2n * current;
      const slowest = ((goal - current) * ONE) / (current * this.#config.maxGrowthPerSecond);
      const span = slowest > this.#config.dripSeconds ? slowest : this.#config.dripSeconds;
      this.#line(current, goal, now, now + Number(span));
    }
    return fee;
  }

  lower(amount: bigint, supply: bigint, now: number): void {
    const perShare = (amount * ONE + supply - 1n) / supply;
    const current = this.at(now);
    const goal = this.target > perShare ? this.target - perShare : 0n;
    if (goal <= current) this.#flat(goal, now);
    else this.#line(current, goal, now, this.until);
  }

  /** New shares beside `supply` others: what still drips in is all of theirs alike. */
  dilute(supply: bigint, minted: bigint, now: number): void {
    if (now >= this.until) return;
    const current = this.at(now);
    this.#line(current, current + ((this.target - current) * supply) / (supply + minted), now, this.until);
  }

  #flat(value: bigint, now: number): void {
    const kept = value < FLOOR ? FLOOR : value;
    this.#line(kept, kept, now, now);
  }

  #line(from: bigint, target: bigint, since: number, until: number): void {
    Object.assign(this, { from, target, since, until });
  }
}

/** What went out of each door, and when: no window may hold more than its limit. */
export class Windows {
  readonly #seconds: number;
  readonly #spent = new Map<string, { at: number; amount: bigint; limit: bigint }[]>();

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  spend(door: string, at: number, amount: bigint, limit: bigint): void {
    const list = (this.#spent.get(door) ?? []).filter((entry) => entry.at > at - this.#seconds);
    list.push({ at, amount, limit });
    this.#spent.set(door, list);
    const total = list.reduce((sum, entry) => sum + entry.amount, 0n);
    const most = list.reduce((top, entry) => (entry.limit > top ? entry.limit : top), 0n);
    if (total > most) throw new Error(`I9: ${total} went out of ${door} within ${this.#seconds} s, over ${most}`);
  }
}

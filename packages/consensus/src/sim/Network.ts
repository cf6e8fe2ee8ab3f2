import { decodeEnvelope, encodeEnvelope } from '../codec/envelope.ts';
import type { Envelope } from '../message.ts';
import type { Plan } from './plan.ts';
import type { Random } from './Random.ts';
import type { Timeline } from './Timeline.ts';

const HEALED_DELAY_MAX = 50;
const VALUE_BYTES_MAX = 200;

/** Loses, delays, reorders and doubles messages and keeps sides apart, until it heals; from then on it is prompt. */
export class Network {
  readonly #plan: Plan;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #deliver: (from: number, to: number, envelope: Envelope) => void;

  constructor(
    plan: Plan,
    timeline: Timeline,
    random: Random,
    deliver: (from: number, to: number, envelope: Envelope) => void,
  ) {
    this.#plan = plan;
    this.#timeline = timeline;
    this.#random = random;
    this.#deliver = deliver;
  }

  send(from: number, to: readonly number[], envelope: Envelope): void {
    const sent = this.#plan.onTheWire ? decodeEnvelope(encodeEnvelope(envelope), VALUE_BYTES_MAX) : envelope;
    for (const node of to) {
      this.#carry(from, node, sent);
      if (this.#random.chance(this.#plan.duplicateRate)) this.#carry(from, node, sent);
    }
  }

  #carry(from: number, to: number, envelope: Envelope): void {
    const { healAt, dropRate, delay } = this.#plan;
    const { now } = this.#timeline;
    const isLost = () => this.#isParted(from, to) || this.#isBlackedOut(to, envelope) || this.#random.chance(dropRate);
    if (now < healAt && isLost()) return;
    const soonest = now + this.#random.between(delay.low, Math.max(delay.low, delay.high));
    const latest = Math.max(now, healAt) + this.#random.between(1, HEALED_DELAY_MAX);
    this.#timeline.at(Math.min(soonest, latest), () => this.#deliver(from, to, envelope));
  }

  #isBlackedOut(node: number, { message }: Envelope): boolean {
    return this.#plan.blackouts.some(
      ({ type, round, to }) => message.type === type && message.round === round && to.includes(node),
    );
  }

  #isParted(a: number, b: number): boolean {
    const { now } = this.#timeline;
    return this.#plan.partitions.some(({ from, to, side }) => now >= from && now < to && side[a] !== side[b]);
  }
}

import type { Cluster, InstanceId } from '../message.ts';
import type { Ballot } from './Ballot.ts';
import type { Effect, KeptValue } from './effects.ts';

/** Collects the effects of one step, so that one write to disk covers all its votes and stands before them. */
export class Outbox {
  readonly #cluster: Cluster;
  readonly #instance: InstanceId;
  readonly #ballot: Ballot;
  readonly #persists: boolean;
  #effects: Effect[] = [];
  #timer: Effect | undefined;
  #kept: KeptValue | undefined;
  #dirty = false;

  constructor(cluster: Cluster, instance: InstanceId, ballot: Ballot, persists: boolean) {
    this.#cluster = cluster;
    this.#instance = instance;
    this.#ballot = ballot;
    this.#persists = persists;
  }

  push(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** The last timer set in a step is the one that counts. */
  setTimer(round: number, atMs: number): void {
    this.#timer = { type: 'timer', round, atMs };
  }

  mustPersist(): void {
    this.#dirty = true;
  }

  keep(value: KeptValue): void {
    this.#kept = value;
  }

  /** What the step gave: first what must be durable, then the rest in order, then the timer. */
  flush(): Effect[] {
    const effects = this.#effects;
    if (this.#dirty && this.#persists) effects.unshift(this.#persisted());
    if (this.#timer) effects.push(this.#timer);
    this.#effects = [];
    this.#timer = undefined;
    this.#kept = undefined;
    this.#dirty = false;
    return effects;
  }

  #persisted(): Effect {
    const record = this.#ballot.encode(this.#cluster.lockHash, this.#instance);
    return { type: 'persist', record, ...(this.#kept === undefined ? {} : { value: this.#kept }) };
  }
}

import {
  Agreements,
  type Authenticator,
  type Cluster,
  type Effect,
  type Evidence,
  encodeEnvelope,
  type InstanceId,
  instanceKey,
  leaderOf,
  type Outcome,
  roundSchedule,
} from '@holdfast/consensus';
import { slot as asSlot, type Root } from '@holdfast/units';
import type { Chain } from '../chain.ts';
import { type Clock, deadline } from '../clock.ts';
import type { AgreedDuty, AgreeRequest } from '../duties/ports.ts';
import { DutyError } from '../errors.ts';
import type { Journal } from './Journal.ts';

/** How long this node's own value is waited for before it follows the others. Milliseconds. */
const OWN_VALUE_MS = 400;

export interface AgreeingOptions {
  /** Positions are from 0: node i of the lock. */
  readonly self: number;
  readonly nodes: number;
  readonly lockHash: Root;
  readonly authenticator: Authenticator;
  readonly journal: Journal;
  readonly chain: Chain;
  readonly clock: Clock;
  /** Largest value: a block with its blobs. Bytes. */
  readonly valueBytesMax: number;
  readonly send: (to: number, bytes: Uint8Array) => void;
  readonly observer: AgreeingObserver;
}

export interface AgreeingObserver {
  /** @param leader the node whose proposal it was */
  decided(instance: InstanceId, round: number, leader: number): void;
  accused(evidence: Evidence): void;
  /** Two quorums decided differently: more than f nodes lie. Nothing of this cluster may be signed any more. */
  forked(instance: InstanceId, proofs: Extract<Effect, { type: 'forked' }>['proofs']): void;
  dropped(from: number, reason: string): void;
}

interface Waiting {
  readonly check: (value: Uint8Array) => void;
  readonly done: (value: Uint8Array) => void;
  /** Why this node does not vote for what was proposed last. */
  refused?: string;
}

/**
 * Gives the agreements what they lack by design: a clock, a wire, a disk. Each vote is in the journal before it is sent.
 */
export class Agreeing {
  readonly #options: AgreeingOptions;
  readonly #agreements: Agreements;
  readonly #waiting = new Map<string, Waiting>();
  readonly #timers = new Map<string, () => void>();
  readonly #away = new Set<number>();
  #closed = false;

  constructor(options: AgreeingOptions) {
    this.#options = options;
    const { self, nodes, lockHash, authenticator, journal, chain, clock, valueBytesMax } = options;
    const cluster: Cluster = { lockHash, nodes, self };
    this.#agreements = new Agreements(
      {
        cluster,
        authenticator,
        valueBytesMax,
        open: (instance) => {
          const restore = journal.restore(instance);
          return {
            schedule: roundSchedule(instance.duty, nodes, chain.slotMs, dueMs(chain, instance.duty)),
            isValid: (value) => this.#isValid(instance, value),
            ...(restore ? { restore } : {}),
          };
        },
      },
      asSlot(Math.max(0, chain.slotAt(clock.nowMs()))),
    );
    // Nobody is there until a link is: a leader that never came must not cost a round.
    for (let node = 0; node < nodes; node += 1) if (node !== self) this.#away.add(node);
    this.#agreements.suspect([...this.#away]);
  }

  /** The value that the cluster agreed on. Rejects at the deadline. */
  async agree(request: AgreeRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { clock } = this.#options;
    const instance: InstanceId = { duty: request.duty, slot: asSlot(request.slot) };
    const key = instanceKey(instance);
    const known = this.#agreements.get(instance)?.decision;
    if (known) return known.value;
    const { signal: stop, done: inTime } = deadline(clock, request.deadlineMs, signal);
    const decided = new Promise<Uint8Array>((done, failed) => {
      const waiting: Waiting = { check: request.check, done };
      this.#waiting.set(key, waiting);
      const away = [...this.#away];
      const late = (): void => {
        const { refused } = waiting;
        const data = { slot: request.slot, away, ...(refused === undefined ? {} : { refused }) };
        failed(new DutyError(request.duty, 'no agreement in time', data, stop.reason));
      };
      if (stop.aborted) late();
      else stop.addEventListener('abort', late, { once: true });
    });
    decided.catch(() => undefined);
    // A beacon node that is slow may go on when it is not needed any more: that it failed is found out.
    const own = request.propose(signal);
    // A node whose beacon node is down or slow still votes for what others propose.
    own
      .then((value) => this.#perform(this.#agreements.give(instance, { type: 'value', value })))
      .catch(() => undefined);
    const value = await this.#soon(Promise.race([own, decided]));
    this.#perform(this.#agreements.start(instance, value));
    try {
      return await decided;
    } finally {
      inTime();
      this.#waiting.delete(key);
      this.#cancel(key);
    }
  }

  /** Bytes of a peer. Never throws. */
  receive(from: number, bytes: Uint8Array): void {
    const outcome = this.#agreements.receive(from, bytes);
    if (outcome) this.#perform(outcome);
  }

  peer(node: number, up: boolean): void {
    if (up) this.#away.delete(node);
    else this.#away.add(node);
    for (const outcome of this.#agreements.suspect([...this.#away])) this.#perform(outcome);
    if (up) for (const outcome of this.#agreements.reconnected(node)) this.#perform(outcome);
  }

  /** Points that each peer has cost; see PENALTIES in @holdfast/consensus. */
  score(node: number): number {
    return this.#agreements.score(node).points;
  }

  advance(slot: number): void {
    for (const instance of this.#agreements.advance(asSlot(slot))) {
      this.#cancel(instanceKey(instance));
    }
    // Seldom: it is a write like any other, and what is over takes no room to speak of.
    if (slot % 32 === 0) this.#options.journal.drop(slot - 8);
  }

  close(): void {
    this.#closed = true;
    for (const key of [...this.#timers.keys()]) this.#cancel(key);
  }

  #isValid(instance: InstanceId, value: Uint8Array): boolean {
    const waiting = this.#waiting.get(instanceKey(instance));
    if (!waiting) return false;
    try {
      waiting.check(value);
      return true;
    } catch (error) {
      waiting.refused = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  #perform({ instance, effects }: Outcome): void {
    if (this.#closed) return;
    for (const effect of effects) this.#do(instance, effect);
  }

  #do(instance: InstanceId, effect: Effect): void {
    const { journal, observer, nodes } = this.#options;
    switch (effect.type) {
      case 'persist':
        journal.persist(instance, effect.record, effect.value);
        break;
      case 'send': {
        const bytes = encodeEnvelope(effect.envelope);
        for (const to of effect.to) this.#options.send(to, bytes);
        break;
      }
      case 'timer':
        this.#setTimer(instance, effect.round, effect.atMs);
        break;
      case 'decided':
        observer.decided(instance, effect.round, leaderOf(instance, effect.round, nodes));
        this.#waiting.get(instanceKey(instance))?.done(effect.value);
        break;
      case 'accused':
        observer.accused(effect.evidence);
        break;
      case 'forked':
        observer.forked(instance, effect.proofs);
        break;
      case 'dropped': {
        // No value is valid where nobody waits for one: a proposal that comes then is late, and its leader no liar.
        const isLate = effect.reason === 'invalidValue' && !this.#waiting.has(instanceKey(instance));
        observer.dropped(effect.from, isLate ? 'stale' : effect.reason);
        break;
      }
    }
  }

  #setTimer(instance: InstanceId, round: number, atMs: number): void {
    const { chain, clock } = this.#options;
    const key = instanceKey(instance);
    this.#cancel(key);
    const fire = (): void => this.#perform(this.#agreements.give(instance, { type: 'timeout', round }));
    this.#timers.set(key, clock.alarm(chain.startMs(instance.slot) + atMs, fire));
  }

  #cancel(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  /** A value, if it comes soon: whoever has none yet follows the others. */
  #soon(value: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const cancel = clock.alarm(clock.nowMs() + OWN_VALUE_MS, () => resolve(undefined));
      value
        .catch(() => undefined)
        .then((known) => {
          cancel();
          resolve(known);
        });
    });
  }
}

function dueMs(chain: Chain, duty: AgreedDuty): number {
  const { attestationMs, aggregateMs, syncMessageMs, contributionMs } = chain.due;
  const due = { proposer: 0, attester: attestationMs, aggregator: aggregateMs, syncMessage: syncMessageMs };
  return { ...due, syncContribution: contributionMs }[duty];
}

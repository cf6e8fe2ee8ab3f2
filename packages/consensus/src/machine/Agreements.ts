import type { Slot } from '@holdfast/units';
import type { RoundSchedule } from '../cluster/schedule.ts';
import { decodeEnvelope, envelopeBytesMax } from '../codec/envelope.ts';
import { ConsensusMessageError, ConsensusSnapshotError } from '../errors.ts';
import { type Authenticator, type Cluster, type Envelope, type InstanceId, instanceKey } from '../message.ts';
import { Agreement } from './Agreement.ts';
import { type DropReason, type Effect, type Input, PENALTIES } from './effects.ts';
import type { Restore } from './options.ts';

/** What the node says about an instance that a peer's message is the first to name. */
export interface InstanceSetup {
  readonly schedule: RoundSchedule;
  readonly isValid: (value: Uint8Array) => boolean;
  readonly restore?: Restore;
}

export interface AgreementsOptions {
  readonly cluster: Cluster;
  readonly authenticator: Authenticator;
  /** The largest value of any duty. Larger ones are dropped before they are read. */
  readonly valueBytesMax: number;
  /** How many slots before the current one instances are kept for late nodes. Default 2. */
  readonly slotsKept?: number;
  /** How many slots ahead of the current one peers may be: clocks differ. Default 1. */
  readonly slotsAhead?: number;
  /** How to take part in an instance, with what is on disk of it; undefined where this cluster has no such duty. */
  readonly open: (instance: InstanceId) => InstanceSetup | undefined;
}

/** What an instance wants done. */
export interface Outcome {
  readonly instance: InstanceId;
  readonly effects: readonly Effect[];
}

/** What a peer has cost. */
export interface PeerScore {
  /** The sum of `PENALTIES`. Never goes down by itself: the node forgives as it sees fit. */
  readonly points: number;
  readonly received: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
}

interface Tally {
  points: number;
  received: number;
  readonly dropped: Partial<Record<DropReason, number>>;
}

/**
 * All agreements of a node: opens them, routes bytes from peers to them, forgets them, and keeps the books on peers. Like
 * an `Agreement` it has no I/O and no clock: `advance` tells it the slot.
 */
export class Agreements {
  readonly #options: AgreementsOptions;
  readonly #open = new Map<string, Agreement>();
  /** Instances whose record cannot be read: this node may have voted in them and cannot know how. */
  readonly #barred = new Map<string, { readonly instance: InstanceId; readonly error: ConsensusSnapshotError }>();
  readonly #scores: Tally[];
  readonly #bytesMax: number;
  #suspects: readonly number[] = [];
  #slot: Slot;

  constructor(options: AgreementsOptions, slot: Slot) {
    this.#options = options;
    this.#slot = slot;
    const { nodes } = options.cluster;
    this.#bytesMax = envelopeBytesMax(nodes, options.valueBytesMax);
    this.#scores = Array.from({ length: nodes }, () => ({ points: 0, received: 0, dropped: {} }));
  }

  /** The open instances, for metrics. */
  get size(): number {
    return this.#open.size;
  }

  get(instance: InstanceId): Agreement | undefined {
    return this.#open.get(instanceKey(instance));
  }

  score(peer: number): PeerScore {
    return this.#scores[peer]!;
  }

  forgive(peer: number): void {
    this.#scores[peer] = { points: 0, received: 0, dropped: {} };
  }

  /** Takes part in a duty. `value` may follow by `give(instance, { type: 'value', value })`. */
  start(instance: InstanceId, value?: Uint8Array): Outcome {
    return this.give(instance, { type: 'start', ...(value === undefined ? {} : { value }) });
  }

  /**
   * Gives an input to an instance, which is opened if need be; nothing comes of it where there is no such duty. Throws
   * `ConsensusSnapshotError` for an instance whose record on disk cannot be read.
   */
  give(instance: InstanceId, input: Input): Outcome {
    const agreement = this.#opened(instance);
    const barred = this.#barred.get(instanceKey(instance));
    if (barred) throw barred.error;
    return { instance, effects: agreement ? this.#counted(agreement.step(input)) : [] };
  }

  /** Takes bytes from a peer that the transport has authenticated. Never throws, whatever they are. */
  receive(from: number, bytes: Uint8Array): Outcome | undefined {
    const tally = this.#scores[from];
    if (tally === undefined) return undefined;
    tally.received += 1;
    const envelope = this.#decoded(bytes);
    if (typeof envelope === 'string') return this.#drop(from, envelope);
    const { instance, lockHash } = envelope;
    if (lockHash !== this.#options.cluster.lockHash) return this.#drop(from, 'wrongCluster');
    if (instance.slot < this.#slot - this.#slotsKept) return this.#drop(from, 'stale');
    if (instance.slot > this.#slot + (this.#options.slotsAhead ?? 1)) return this.#drop(from, 'future');
    const agreement = this.#opened(instance);
    if (this.#barred.has(instanceKey(instance))) return undefined;
    if (agreement === undefined) return this.#drop(from, 'unknownInstance');
    return { instance, effects: this.#counted(agreement.step({ type: 'message', from, envelope })) };
  }

  /** The slot is now `slot`: instances that are over are forgotten, and given back so that their records can go too. */
  advance(slot: Slot): InstanceId[] {
    if (slot > this.#slot) this.#slot = slot;
    const known = [...this.#open.values(), ...this.#barred.values()].map(({ instance }) => instance);
    const over = known.filter((instance) => instance.slot < this.#slot - this.#slotsKept);
    for (const instance of over) {
      this.#open.delete(instanceKey(instance));
      this.#barred.delete(instanceKey(instance));
    }
    return over;
  }

  /** The nodes that cannot be reached now, all of them: to every instance, later ones included. */
  suspect(nodes: readonly number[]): Outcome[] {
    this.#suspects = [...nodes];
    return this.#all({ type: 'suspect', nodes: this.#suspects });
  }

  /** A peer is connected again: it is sent what it may have missed. */
  reconnected(peer: number): Outcome[] {
    return this.#all({ type: 'resend', to: peer });
  }

  #all(input: Input): Outcome[] {
    return [...this.#open.values()].map((agreement) => ({
      instance: agreement.instance,
      effects: this.#counted(agreement.step(input)),
    }));
  }

  get #slotsKept(): number {
    return this.#options.slotsKept ?? 2;
  }

  #opened(instance: InstanceId): Agreement | undefined {
    const key = instanceKey(instance);
    const known = this.#open.get(key);
    if (known || this.#barred.has(key)) return known;
    // What is over stays over: its record may be gone, and without it a vote could be a second one.
    if (instance.slot < this.#slot - this.#slotsKept) return undefined;
    const setup = this.#options.open(instance);
    if (setup === undefined) return undefined;
    const agreement = this.#made(instance, setup);
    agreement?.step({ type: 'suspect', nodes: this.#suspects });
    if (agreement) this.#open.set(key, agreement);
    return agreement;
  }

  #made(instance: InstanceId, setup: InstanceSetup): Agreement | undefined {
    const { cluster, authenticator, valueBytesMax } = this.#options;
    try {
      return new Agreement({ cluster, instance, authenticator, valueBytesMax, ...setup });
    } catch (error) {
      if (!(error instanceof ConsensusSnapshotError)) throw error;
      this.#barred.set(instanceKey(instance), { instance, error });
      return undefined;
    }
  }

  #decoded(bytes: Uint8Array): Envelope | 'oversize' | 'malformed' {
    if (bytes.length > this.#bytesMax) return 'oversize';
    try {
      return decodeEnvelope(bytes, this.#options.valueBytesMax);
    } catch (error) {
      if (error instanceof ConsensusMessageError) return 'malformed';
      throw error;
    }
  }

  #drop(from: number, reason: DropReason): undefined {
    const tally = this.#scores[from]!;
    tally.points += PENALTIES[reason];
    tally.dropped[reason] = (tally.dropped[reason] ?? 0) + 1;
  }

  #counted(effects: Effect[]): Effect[] {
    for (const effect of effects) if (effect.type === 'dropped') this.#drop(effect.from, effect.reason);
    return effects;
  }
}

import { badPartials, type PartialSignature, recoverVerified, type ThresholdKey } from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';
import { type Clock, deadline } from '../clock.ts';
import type { SigningTask } from '../duties/ports.ts';
import { DutyError } from '../errors.ts';
import { type Offence, PartialBook } from './PartialBook.ts';
import { decodePartials, encodePartials, type WirePartial } from './wire.ts';

/** This node's signer: checks the request by its own policy and its own durable protection, then signs with the share. */
export interface ShareSigner {
  /** @param sharePubkey names the share @returns 96 bytes @throws when it refuses */
  sign(sharePubkey: Pubkey, request: SigningTask['request'], signal: AbortSignal): Promise<Uint8Array>;
}

/** A validator of the cluster: the public side of its key, and which share is ours. */
export interface SharedValidator {
  readonly pubkey: Pubkey;
  readonly key: ThresholdKey;
  readonly sharePubkey: Pubkey;
}

export interface SigningOptions {
  readonly validators: readonly SharedValidator[];
  /** This node's share index, from 1. */
  readonly index: number;
  readonly signer: ShareSigner;
  readonly clock: Clock;
  readonly broadcast: (payload: Uint8Array) => void;
  readonly observer: SigningObserver;
}

export interface SigningObserver {
  /** Our own signer refused or failed: the others may still do without us. */
  refused(task: SigningTask, error: unknown): void;
  /** A node sent a partial signature that is not its own. */
  culprit(index: number, slot: number): void;
  offence(index: number, offence: Offence): void;
  /** How long after the first request each node's partial came. Milliseconds. */
  partial(index: number, slot: number): void;
}

interface Waiting {
  readonly validator: number;
  readonly task: SigningTask;
  readonly done: (signature: Uint8Array) => void;
  /** How many partials there were at the last attempt that failed. */
  tried: number;
}

/** Partial signatures: made by our signer, sent to all, gathered from all, put together as soon as t are here. */
export class Signing {
  readonly #options: SigningOptions;
  readonly #book: PartialBook;
  readonly #position: ReadonlyMap<Pubkey, number>;
  readonly #waiting = new Set<Waiting>();
  readonly #sent = new Map<number, Uint8Array[]>();
  readonly #culprits = new Set<number>();

  constructor(options: SigningOptions) {
    this.#options = options;
    this.#book = new PartialBook(options.validators.length);
    this.#position = new Map(options.validators.map(({ pubkey }, at) => [pubkey, at]));
  }

  /** Signatures of the whole keys, in the order of the tasks; null where too few partials came before the deadline. */
  async sign(tasks: readonly SigningTask[], deadlineMs: number, signal: AbortSignal): Promise<(Uint8Array | null)[]> {
    const late = deadline(this.#options.clock, deadlineMs, signal);
    const results = Promise.all(tasks.map((task) => this.#recovered(task, late.signal)));
    await this.#contribute(tasks, late.signal);
    return results.finally(() => late.done());
  }

  /** A message of a peer. @throws FrameError when it is malformed. */
  receive(index: number, payload: Uint8Array): void {
    const { slot, partials } = decodePartials(payload);
    let news = false;
    for (const partial of partials) {
      const offence = this.#book.add(slot, index, partial);
      if (offence === null) news = true;
      else this.#options.observer.offence(index, offence);
    }
    if (!news) return;
    this.#options.observer.partial(index, slot);
    this.#settle(slot);
  }

  /** A new slot: what is over is forgotten. */
  advance(slot: number): void {
    this.#book.advance(slot);
    for (const old of this.#sent.keys()) if (old < slot - 1) this.#sent.delete(old);
  }

  /** Whose partial signatures of a task are here and good, by share index. */
  signers(task: SigningTask): number[] {
    const validator = this.#validatorOf(task);
    const { key } = this.#options.validators[validator]!;
    const { signingRoot } = task;
    const partials = this.#book.partials(task.slot, validator, signingRoot);
    const bad = new Set(badPartials({ key, signingRoot, partials }));
    const indices = partials.map(({ index }) => index).filter((index) => !bad.has(index));
    return indices.sort((a, b) => a - b);
  }

  /** What a peer that was away should hear again. */
  recent(): Uint8Array[] {
    return [...this.#sent.values()].flat();
  }

  async #contribute(tasks: readonly SigningTask[], signal: AbortSignal): Promise<void> {
    const { signer, validators, broadcast, observer, index } = this.#options;
    const made = await Promise.all(
      tasks.map(async (task): Promise<(WirePartial & { slot: number }) | null> => {
        const validator = this.#validatorOf(task);
        try {
          const signature = await signer.sign(validators[validator]!.sharePubkey, task.request, signal);
          return { slot: task.slot, validator, signingRoot: task.signingRoot, signature };
        } catch (error) {
          observer.refused(task, error);
          return null;
        }
      }),
    );
    const bySlot = Map.groupBy(
      made.filter((one) => one !== null),
      ({ slot }) => slot,
    );
    for (const [slot, partials] of bySlot) {
      const message = encodePartials({ slot, partials });
      this.#sent.set(slot, [...(this.#sent.get(slot) ?? []), message]);
      broadcast(message);
      for (const partial of partials) this.#book.add(slot, index, partial);
      this.#settle(slot);
    }
  }

  #recovered(task: SigningTask, signal: AbortSignal): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        validator: this.#validatorOf(task),
        task,
        tried: 0,
        done: (signature) => {
          this.#waiting.delete(waiting);
          signal.removeEventListener('abort', late);
          resolve(signature);
        },
      };
      const late = (): void => {
        this.#waiting.delete(waiting);
        resolve(null);
      };
      if (signal.aborted) return resolve(null);
      signal.addEventListener('abort', late, { once: true });
      this.#waiting.add(waiting);
    });
  }

  #settle(slot: number): void {
    for (const waiting of [...this.#waiting]) if (waiting.task.slot === slot) this.#attempt(waiting);
  }

  #attempt(waiting: Waiting): void {
    const { validator, task } = waiting;
    const { key } = this.#options.validators[validator]!;
    const partials = this.#book.partials(task.slot, validator, task.signingRoot);
    if (partials.length < key.scheme.threshold || partials.length === waiting.tried) return;
    waiting.tried = partials.length;
    const { signature, culprits } = recoverVerified(key, task.signingRoot, this.#ordered(partials));
    for (const index of culprits) {
      this.#culprits.add(index);
      this.#options.observer.culprit(index, task.slot);
    }
    if (signature) waiting.done(signature);
  }

  /** Those who were caught before come last: one liar must not cost a verification of everybody each time. */
  #ordered(partials: readonly PartialSignature[]): PartialSignature[] {
    const trusted = ({ index }: PartialSignature): boolean => !this.#culprits.has(index);
    return [...partials.filter(trusted), ...partials.filter((partial) => !trusted(partial))];
  }

  #validatorOf(task: SigningTask): number {
    const at = this.#position.get(task.pubkey);
    if (at === undefined) throw new DutyError('signing', 'not a validator of this cluster', { pubkey: task.pubkey });
    return at;
  }
}

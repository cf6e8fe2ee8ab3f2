import type { Pubkey } from '@holdfast/units';
import { checkedRoot } from '../bls/bls.ts';
import {
  KeysClosedError,
  type KeysError,
  KeysSaturatedError,
  KeysSecretError,
  KeysThreadError,
  KeysUnknownKeyError,
} from '../errors.ts';
import {
  CLAIMED,
  DONE,
  EMPTY,
  FAILED,
  HEAD,
  QUEUED,
  type Records,
  recordBytes,
  rootAt,
  SIGNED,
  STOP,
  signatureAt,
  TAIL,
  viewRecords,
  WAKE,
} from './layout.ts';
import { checkedOptions, type KeyRingOptions } from './options.ts';
import { SecretSlots } from './secrets.ts';
import { SigningThreads, type SpawnThread } from './threads.ts';

/** A key pair on its way into a ring or a store. `secret`: 32 bytes, big-endian. */
export interface KeyPair {
  readonly pubkey: Pubkey;
  readonly secret: Uint8Array;
}

interface Entry {
  readonly pubkey: Pubkey;
  readonly slot: number;
  pending: number;
  removed: boolean;
}

interface Request {
  readonly entry: Entry;
  resolve(signature: Uint8Array): void;
  reject(error: KeysError): void;
}

const STOP_GRACE_MS = 2_000;

/**
 * Secrets in memory, and threads that sign with them.
 *
 * Each secret is held once, in memory that the threads read; a request and its signature are a record in a shared ring,
 * so that no message is copied and thousands of requests cost no more than their signatures. It signs what it is asked
 * to: guarding against double-signing is done before (`@holdfast/protection`).
 *
 * What remains in RAM: the secrets, plain, for as long as they are loaded (no HSM signs BLS12-381), and for a short while
 * blst's own copy of each secret that was just used, until the garbage collector takes it. `remove` and `close` zero the
 * ring's memory. Node cannot lock memory: switch off swap and core dumps on a signer's machine.
 *
 * @example
 * const ring = await KeyRing.create();
 * ring.add(await store.unseal());
 * const signature = await ring.sign(pubkey, signingRoot);
 */
export class KeyRing {
  readonly #capacity: number;
  readonly #records: Records;
  readonly #secrets = new SecretSlots();
  readonly #entries = new Map<Pubkey, Entry>();
  readonly #requests: (Request | undefined)[];
  readonly #threads: SigningThreads;
  /** The oldest position of the ring whose request is not settled; see layout.ts. */
  #settled = 0;
  #pending = 0;
  #closed = false;

  private constructor(spawn: SpawnThread, capacity: number) {
    const records = new SharedArrayBuffer(recordBytes(capacity));
    this.#capacity = capacity;
    this.#records = viewRecords(records, capacity);
    this.#requests = new Array(capacity);
    const shared = { capacity, records, secrets: this.#secrets.buffer };
    this.#threads = new SigningThreads(spawn, shared, (thread, alive) => this.#afterDeath(thread, alive));
  }

  /**
   * @throws KeysConfigError when an option is out of bounds
   * @throws KeysThreadError when the threads do not come up
   */
  static async create(options: KeyRingOptions = {}): Promise<KeyRing> {
    const { threads, capacity, spawn } = checkedOptions(options);
    const ring = new KeyRing(spawn, capacity);
    ring.#listen();
    try {
      await ring.#threads.start(threads);
    } catch (error) {
      await ring.close();
      throw error;
    }
    return ring;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Signatures that wait or are in work. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether every thread has a signature waiting besides the one it makes. */
  get busy(): boolean {
    return this.#pending > 2 * this.#threads.alive;
  }

  /** The loaded keys, in the order in which they were added. */
  get pubkeys(): readonly Pubkey[] {
    return [...this.#entries.keys()];
  }

  has(pubkey: Pubkey): boolean {
    return this.#entries.has(pubkey);
  }

  /**
   * Loads keys and zeroes the given arrays, also those of keys it already holds. That a secret belongs to its public key
   * is not derived again here: `decryptKeystore` and `SealedStore` vouch for it.
   * @returns how many were new
   * @throws KeysSecretError at the first that is no secret key; those before it stay loaded
   */
  add(keys: Iterable<KeyPair>): number {
    if (this.#closed) throw new KeysClosedError('key ring');
    let added = 0;
    for (const { pubkey, secret } of keys) {
      try {
        if (this.#entries.has(pubkey)) continue;
        this.#entries.set(pubkey, { pubkey, slot: this.#secrets.put(secret), pending: 0, removed: false });
        added += 1;
      } finally {
        secret.fill(0);
      }
    }
    return added;
  }

  /**
   * Zeroes a key's secret and forgets it. Requests for it that are not answered yet fail.
   * @returns whether it was loaded
   */
  remove(pubkey: Pubkey): boolean {
    const entry = this.#entries.get(pubkey);
    if (entry === undefined) return false;
    this.#entries.delete(pubkey);
    entry.removed = true;
    this.#secrets.zero(entry.slot);
    // A request still names the slot: were another key put there now, that key would sign it.
    if (entry.pending === 0) this.#secrets.free(entry.slot);
    return true;
  }

  /**
   * Signs `signingRoot` (32 bytes) with the key of `pubkey`.
   * @returns the signature, 96 bytes, compressed
   * @throws KeysUnknownKeyError when the key is not loaded, or is removed meanwhile
   * @throws KeysSaturatedError when `queueMax` signatures are waiting
   * @throws KeysThreadError when the thread that had the request died, or none can be started
   * @throws KeysClosedError
   */
  async sign(pubkey: Pubkey, signingRoot: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw new KeysClosedError('key ring');
    checkedRoot(signingRoot);
    const entry = this.#entries.get(pubkey);
    if (entry === undefined) throw new KeysUnknownKeyError('the key is not loaded', { data: { pubkey } });
    if (this.#threads.alive === 0) throw new KeysThreadError('no signing thread is alive', { data: { pubkey } });
    const { control, states, slots } = this.#records;
    const tail = control[TAIL]!;
    // Threads also pass over records that were failed while they waited, and do not say so.
    if (this.#isFull(tail)) this.#settle();
    if (this.#isFull(tail)) {
      throw new KeysSaturatedError({ data: { waiting: this.#capacity } });
    }
    const index = tail & (this.#capacity - 1);
    return new Promise((resolve, reject) => {
      this.#requests[index] = { entry, resolve, reject };
      entry.pending += 1;
      this.#count(1);
      slots[index] = entry.slot;
      rootAt(this.#records, index).set(signingRoot);
      Atomics.store(states, index, QUEUED);
      Atomics.store(control, TAIL, (tail + 1) | 0);
      Atomics.add(control, WAKE, 1);
      Atomics.notify(control, WAKE, 1);
    });
  }

  /** Zeroes every secret, fails what still waits, ends the threads. May be called more than once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { control } = this.#records;
    Atomics.store(control, STOP, 1);
    Atomics.add(control, WAKE, 1);
    Atomics.notify(control, WAKE);
    await this.#threads.stop(STOP_GRACE_MS);
    this.#secrets.zeroAll();
    this.#settle();
    this.#failWhere(() => true, new KeysClosedError('key ring'));
    this.#entries.clear();
    Atomics.notify(control, DONE);
  }

  #isFull(tail: number): boolean {
    return ((tail - this.#settled) | 0) >= this.#capacity;
  }

  /** Settles what is done, each time that a thread says so. */
  #listen(): void {
    const { control } = this.#records;
    const seen = Atomics.load(control, DONE);
    this.#settle();
    if (this.#closed) return;
    const waiting = Atomics.waitAsync(control, DONE, seen);
    if (waiting.async) void waiting.value.then(() => this.#listen());
    else queueMicrotask(() => this.#listen());
  }

  #settle(): void {
    const { control, states } = this.#records;
    const head = Atomics.load(control, HEAD);
    let oldest = true;
    for (let position = this.#settled; position !== head; position = (position + 1) | 0) {
      const index = position & (this.#capacity - 1);
      const state = Atomics.load(states, index);
      if (state === SIGNED || state === FAILED) this.#answer(index, state);
      else if (state !== EMPTY) oldest = false;
      if (oldest) this.#settled = (position + 1) | 0;
    }
  }

  #answer(index: number, state: typeof SIGNED | typeof FAILED): void {
    const { entry } = this.#requests[index]!;
    // A key that was zeroed while a thread read it may have given a signature by a torn secret: never let it out.
    if (entry.removed) {
      this.#fail(index, new KeysUnknownKeyError('the key was removed', { data: { pubkey: entry.pubkey } }));
    } else if (state === FAILED) {
      this.#fail(index, this.#reasonOf(entry));
    } else {
      this.#take(index).resolve(signatureAt(this.#records, index).slice());
    }
  }

  /** blst fails for a secret that is none, and in a thread that is being ended. */
  #reasonOf({ pubkey, slot }: Entry): KeysError {
    const data = { pubkey };
    if (this.#secrets.holdsKey(slot))
      return new KeysThreadError('the signing thread failed', { data, fix: 'Ask again' });
    return new KeysSecretError({ data, fix: 'The memory of the signer is damaged: restart it' });
  }

  #fail(index: number, error: KeysError): void {
    this.#take(index).reject(error);
  }

  /** Empties a record and gives what was asked there. */
  #take(index: number): Request {
    const request = this.#requests[index]!;
    this.#requests[index] = undefined;
    Atomics.store(this.#records.states, index, EMPTY);
    this.#count(-1);
    request.entry.pending -= 1;
    if (request.entry.removed && request.entry.pending === 0) this.#secrets.free(request.entry.slot);
    return request;
  }

  #count(change: 1 | -1): void {
    this.#pending += change;
    this.#threads.reference(this.#pending > 0);
  }

  #afterDeath(thread: number, alive: number): void {
    if (this.#closed) return;
    this.#settle();
    const died = new KeysThreadError('the signing thread died', { data: { thread }, fix: 'Ask again' });
    this.#failWhere((state) => state === CLAIMED + thread, died);
    if (alive === 0) {
      const none = new KeysThreadError('no signing thread is alive', { fix: 'Ask again in a moment; see the log' });
      this.#failWhere((state) => state !== EMPTY, none);
    }
    // The dead thread may have taken the wake that was meant for a request that still waits.
    Atomics.add(this.#records.control, WAKE, 1);
    Atomics.notify(this.#records.control, WAKE);
    this.#settle();
  }

  #failWhere(matches: (state: number) => boolean, error: KeysError): void {
    const tail = this.#records.control[TAIL]!;
    for (let position = this.#settled; position !== tail; position = (position + 1) | 0) {
      const index = position & (this.#capacity - 1);
      const state = Atomics.load(this.#records.states, index);
      if (state !== EMPTY && matches(state)) this.#fail(index, error);
    }
  }
}

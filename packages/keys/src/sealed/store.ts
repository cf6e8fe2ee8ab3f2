import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Pubkey } from '@holdfast/units';
import { publicKeyOf } from '../bls/bls.ts';
import { KeysClosedError, KeysConfigError, KeysSecretError } from '../errors.ts';
import type { KeyEncryptionKey } from '../kek/kek.ts';
import type { KeyPair } from '../ring/key-ring.ts';
import { type DataKey, openSecret, type Random, sealSecret, withDataKey, withDerived } from './data-key.ts';
import { StoreChangedError, StoreMissingError, StoreTamperedError } from './errors.ts';
import { atomicFile, removeLeftovers, type StoreFile } from './files.ts';
import type { Header, KeyRecord, SealedRecord } from './format.ts';
import { io, type Loaded, load, put, type Records, write } from './persist.ts';
import { inTurns, KEYS_PER_TURN, RECORDS_PER_TURN } from './turns.ts';

export interface StoreOptions {
  /** Whether to make a store where there is none. Default false. */
  readonly create?: boolean;
  /** Default: the system's clock. */
  readonly now?: () => Date;
  /** Default: the operating system's. */
  readonly random?: Random;
  /** How the file is read and written; for tests. */
  readonly file?: StoreFile;
}

/** A key to be sealed. The secret is not zeroed: the caller may load it into a ring next. */
export interface NewKey extends KeyPair {
  readonly description?: string;
  readonly path?: string;
}

export interface AddReport {
  readonly added: readonly Pubkey[];
  /** These were there already and are as they were. */
  readonly existing: readonly Pubkey[];
}

const STORE_FILE = 'keys.sealed';
const LABEL_MAX = 1024;

/** The file of the store in `directory`, for backups. */
export const sealedStorePath = (directory: string): string => join(directory, STORE_FILE);

/**
 * Validator keys at rest: one file, each secret sealed with AES-256-GCM under a data key, that one sealed by a
 * key-encryption key (PKCS#11 token or passphrase). See `format.ts` for the layout and what it makes evident.
 *
 * A change is written beside and put in place in one step: after a crash the file is the old one or the new one. The data
 * key is in RAM only while the store works; without the KEK (an HSM that is gone) nothing is sealed, removed or unsealed.
 *
 * Warning: an older copy of the whole file is genuine, and brings back keys that were removed since. Whoever deletes a key
 * to use it elsewhere must not restore such a copy; the slashing protection's own record of it is the second guard.
 *
 * @example
 * const kek = openPassphraseKek({ passphrase });
 * const store = await SealedStore.open(directory, kek, { create: true });
 * await store.add(keys);
 * ring.add(await store.unseal());
 */
export class SealedStore {
  readonly #path: string;
  readonly #options: Required<StoreOptions>;
  #kek: KeyEncryptionKey;
  #header: Header;
  #headerLine: string;
  #records: Records;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(path: string, kek: KeyEncryptionKey, options: Required<StoreOptions>, loaded: Loaded) {
    this.#path = path;
    this.#kek = kek;
    this.#options = options;
    this.#header = loaded.header;
    this.#headerLine = loaded.headerLine;
    this.#records = loaded.records;
  }

  /**
   * Reads the store and checks all of it with the KEK's help.
   * @throws StoreMissingError | StoreFormatError | StoreTamperedError | StoreIoError
   * @throws KekWrongError | HsmGoneError
   */
  static async open(directory: string, kek: KeyEncryptionKey, options: StoreOptions = {}): Promise<SealedStore> {
    const { create = false, now = () => new Date(), random = randomBytes, file = atomicFile } = options;
    const path = sealedStorePath(directory);
    const ports = { create, now, random, file };
    await removeLeftovers(directory, STORE_FILE);
    const bytes = await io('read', path, () => file.read(path));
    if (bytes !== undefined) return new SealedStore(path, kek, ports, await load(kek, bytes));
    if (!create) throw new StoreMissingError({ data: { path } });
    const empty = await write(path, file, kek, new Map(), { store: hexOf(random(16)), generation: 1 }, random(32));
    return new SealedStore(path, kek, ports, empty);
  }

  /** Names this store: 16 bytes, hex. */
  get id(): string {
    return this.#header.store;
  }

  get size(): number {
    return this.#records.size;
  }

  has(pubkey: Pubkey): boolean {
    return this.#records.has(pubkey);
  }

  /** What the store holds, disabled keys included, in the order of public keys. */
  list(): KeyRecord[] {
    return [...this.#records.values()].map(({ secret: _, ...record }) => record);
  }

  /**
   * Seals keys; all of them are on disk when it resolves, or none. Each secret is checked to belong to its public key.
   * @throws KeysSecretError | KeysClosedError | HsmGoneError | StoreIoError | StoreChangedError
   */
  add(keys: Iterable<NewKey>): Promise<AddReport> {
    return this.#exclusive(async () => {
      const wanted = [...keys];
      await inTurns(wanted, KEYS_PER_TURN, checkNew);
      const importedAt = this.#options.now().toISOString();
      const next = new Map(this.#records);
      const added: Pubkey[] = [];
      return this.#withDataKey(async (dataKey) => {
        for (const { pubkey, secret, description = '', path = '' } of wanted) {
          if (next.has(pubkey)) continue;
          const record = { pubkey, description, path, importedAt, disabled: false };
          next.set(pubkey, sealSecret(dataKey, this.id, record, secret, this.#options.random));
          added.push(pubkey);
        }
        if (added.length > 0) await this.#commit(next, dataKey);
        const fresh = new Set(added);
        return { added, existing: wanted.map(({ pubkey }) => pubkey).filter((pubkey) => !fresh.has(pubkey)) };
      });
    });
  }

  /**
   * Removes keys for good.
   * @returns those that were there
   * @throws KeysClosedError | HsmGoneError | StoreIoError | StoreChangedError
   */
  remove(pubkeys: Iterable<Pubkey>): Promise<readonly Pubkey[]> {
    return this.#exclusive(async () => {
      const next = new Map(this.#records);
      const removed = [...new Set(pubkeys)].filter((pubkey) => next.delete(pubkey));
      if (removed.length > 0) await this.#withDataKey((dataKey) => this.#commit(next, dataKey));
      return removed;
    });
  }

  /**
   * Disables keys, or enables them again.
   * @returns those that changed
   * @throws KeysClosedError | HsmGoneError | StoreIoError | StoreChangedError | StoreTamperedError
   */
  setDisabled(pubkeys: Iterable<Pubkey>, disabled: boolean): Promise<readonly Pubkey[]> {
    return this.#exclusive(async () => {
      const next = new Map(this.#records);
      const changed = [...new Set(pubkeys)].filter((pubkey) => (next.get(pubkey)?.disabled ?? disabled) !== disabled);
      if (changed.length === 0) return changed;
      await this.#withDataKey(async (dataKey) => {
        for (const pubkey of changed)
          next.set(pubkey, this.#sealedAgain(next.get(pubkey)!, { disabled }, dataKey, dataKey));
        await this.#commit(next, dataKey);
      });
      return changed;
    });
  }

  /**
   * The secrets of all keys that are not disabled, every one of them opened before any is given. They are the caller's to
   * zero; `KeyRing.add` zeroes each as it takes it.
   * @throws KeysClosedError | HsmGoneError | KekWrongError | StoreTamperedError
   */
  unseal(): Promise<readonly KeyPair[]> {
    return this.#exclusive(() =>
      this.#withDataKey(async (dataKey) => {
        const records = [...this.#records.values()].filter(({ disabled }) => !disabled);
        const secrets = new Uint8Array(32 * records.length);
        const bad: Pubkey[] = [];
        await inTurns(records, RECORDS_PER_TURN, (record, index) => {
          const secret = openSecret(dataKey, this.id, record);
          if (secret === undefined) bad.push(record.pubkey);
          else secrets.set(secret, 32 * index);
          secret?.fill(0);
        });
        if (bad.length === 0) {
          return records.map(({ pubkey }, index) => ({
            pubkey,
            secret: secrets.subarray(32 * index, 32 * (index + 1)),
          }));
        }
        secrets.fill(0);
        throw new StoreTamperedError('secrets do not open', bad);
      }),
    );
  }

  /**
   * Moves the store under another KEK, with a new data key and every secret sealed anew: who holds the old KEK can open
   * older copies of the file, not this one. The old KEK is not closed.
   * @throws as `unseal` and `add` do
   */
  reseal(kek: KeyEncryptionKey): Promise<void> {
    return this.#exclusive(async () => {
      const { random } = this.#options;
      const fresh = new Uint8Array(random(32));
      try {
        const next = await this.#withDataKey((old) =>
          withDerived(fresh, async (key) => {
            const resealed = new Map<Pubkey, SealedRecord>();
            await inTurns([...this.#records.values()], RECORDS_PER_TURN, (record) => {
              resealed.set(record.pubkey, this.#sealedAgain(record, {}, old, key));
            });
            return resealed;
          }),
        );
        await this.#unchanged();
        const generation = this.#header.generation + 1;
        const name = { store: this.id, generation };
        this.#take(await write(this.#path, this.#options.file, kek, next, name, fresh));
        this.#kek = kek;
      } finally {
        fresh.fill(0);
      }
    });
  }

  /** Waits for what is being written. The KEK stays open: it is the caller's. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue;
  }

  /** One change at a time, in the order asked for. */
  #exclusive<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new KeysClosedError('sealed key store'));
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  #withDataKey<Result>(use: (key: DataKey) => Result | Promise<Result>): Promise<Result> {
    return withDataKey(this.#kek, this.#header, use);
  }

  #sealedAgain(record: SealedRecord, change: { disabled?: boolean }, from: DataKey, to: DataKey): SealedRecord {
    const secret = openSecret(from, this.id, record);
    if (secret === undefined) throw new StoreTamperedError('a secret does not open', [record.pubkey]);
    const { secret: _, ...plain } = record;
    const sealed = sealSecret(to, this.id, { ...plain, ...change }, secret, this.#options.random);
    secret.fill(0);
    return sealed;
  }

  async #commit(records: Records, dataKey: DataKey): Promise<void> {
    await this.#unchanged();
    const header = { ...this.#header, generation: this.#header.generation + 1 };
    this.#take(await put(this.#path, this.#options.file, header, records, dataKey));
  }

  #take({ header, headerLine, records }: Loaded): void {
    this.#header = header;
    this.#headerLine = headerLine;
    this.#records = records;
  }

  /** @throws StoreChangedError when the file is not the one that this store wrote or read last */
  async #unchanged(): Promise<void> {
    const bytes = await io('read', this.#path, () => this.#options.file.read(this.#path));
    const line = bytes && Buffer.from(bytes.subarray(0, bytes.indexOf(0x0a))).toString('utf8');
    if (line !== this.#headerLine) throw new StoreChangedError({ data: { path: this.#path } });
  }
}

function checkNew({ pubkey, secret, description = '', path = '' }: NewKey): void {
  if (publicKeyOf(secret) !== pubkey) {
    throw new KeysSecretError({ data: { pubkey }, fix: 'This secret belongs to another public key' });
  }
  for (const [name, text] of Object.entries({ description, path })) {
    if (text.length > LABEL_MAX)
      throw new KeysConfigError(`the ${name} is too long`, { data: { pubkey, max: LABEL_MAX } });
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

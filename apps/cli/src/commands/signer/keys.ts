import { mkdirSync } from 'node:fs';
import { type KeyEncryptionKey, KeyRing, type NewKey, SealedStore } from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';
import type { Home } from './home.ts';

/** The sealed store, which may be read again while it is in use, and the ring that signs with what is in it. */
export class LiveKeys {
  readonly ring: KeyRing;
  readonly #home: Home;
  readonly #kek: KeyEncryptionKey;
  #sealed: SealedStore;

  private constructor(home: Home, kek: KeyEncryptionKey, sealed: SealedStore, ring: KeyRing) {
    this.#home = home;
    this.#kek = kek;
    this.#sealed = sealed;
    this.ring = ring;
  }

  /** Opens the store and starts the signing threads; `load` loads the keys. */
  static async open(
    home: Home,
    kek: KeyEncryptionKey,
    options: { readonly create: boolean; readonly threads?: number },
    stack: AsyncDisposableStack,
  ): Promise<LiveKeys> {
    mkdirSync(home.keysDirectory, { recursive: true, mode: 0o700 });
    const sealed = await SealedStore.open(home.keysDirectory, kek, { create: options.create });
    const ring = await KeyRing.create(options.threads === undefined ? {} : { threads: options.threads });
    const keys = new LiveKeys(home, kek, sealed, ring);
    stack.defer(async () => {
      await keys.#sealed.close();
      await ring.close();
    });
    return keys;
  }

  get size(): number {
    return this.#sealed.size;
  }

  /** Loads what is sealed, through `beforeActive`, and drops what is not there any more. */
  async load(beforeActive: (pubkeys: readonly Pubkey[]) => void): Promise<{ added: Pubkey[]; removed: Pubkey[] }> {
    const pairs = await this.#sealed.unseal();
    const wanted = new Set(pairs.map(({ pubkey }) => pubkey));
    const added = pairs.map(({ pubkey }) => pubkey).filter((pubkey) => !this.ring.has(pubkey));
    const removed = this.ring.pubkeys.filter((pubkey) => !wanted.has(pubkey));
    beforeActive(added);
    for (const pubkey of removed) this.ring.remove(pubkey);
    this.ring.add(pairs);
    return { added, removed };
  }

  /** Reads the file again: it may have been replaced. */
  async reopen(): Promise<void> {
    const fresh = await SealedStore.open(this.#home.keysDirectory, this.#kek);
    await this.#sealed.close();
    this.#sealed = fresh;
  }

  /** The store as the Keymanager API uses it, whichever file is open. */
  readonly store = {
    has: (pubkey: Pubkey) => this.#sealed.has(pubkey),
    list: () => this.#sealed.list(),
    add: (keys: Iterable<NewKey>) => this.#sealed.add(keys),
    setDisabled: (pubkeys: Iterable<Pubkey>, disabled: boolean) => this.#sealed.setDisabled(pubkeys, disabled),
    remove: (pubkeys: Iterable<Pubkey>) => this.#sealed.remove(pubkeys),
  };
}

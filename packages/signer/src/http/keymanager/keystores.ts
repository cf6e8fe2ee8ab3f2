import type { decryptKeystores, KeyPair, KeyRecord, NewKey } from '@holdfast/keys';
import type { Interchange } from '@holdfast/protection';
import { HoldfastError, type Pubkey, type Root } from '@holdfast/units';

/** The three places where a key lives: memory that signs, the store on disk, and the history of what it signed. */
export interface KeystorePorts {
  readonly ring: {
    readonly pubkeys: Iterable<Pubkey>;
    has(pubkey: Pubkey): boolean;
    add(keys: Iterable<KeyPair>): void;
    remove(pubkey: Pubkey): boolean;
  };
  readonly store: {
    has(pubkey: Pubkey): boolean;
    list(): readonly KeyRecord[];
    add(keys: Iterable<NewKey>): Promise<unknown>;
    setDisabled(pubkeys: Iterable<Pubkey>, disabled: boolean): Promise<unknown>;
    remove(pubkeys: Iterable<Pubkey>): Promise<unknown>;
  };
  readonly protection: {
    readonly genesisValidatorsRoot: Root;
    import(interchange: unknown): Promise<unknown>;
    enable(pubkeys: readonly Pubkey[]): Promise<void>;
    disable(pubkeys: readonly Pubkey[]): Promise<Interchange>;
  };
  readonly decrypt: typeof decryptKeystores;
  /** Told of keys before they can sign, so that a doppelganger watch can begin; they stay inactive when it throws. */
  readonly beforeActive?: (pubkeys: readonly Pubkey[]) => Promise<void>;
}

export interface ListedKey {
  readonly validating_pubkey: Pubkey;
  readonly derivation_path?: string;
  readonly readonly: boolean;
}

export interface ImportStatus {
  readonly status: 'imported' | 'duplicate' | 'error';
  readonly message?: string;
}

export interface DeleteStatus {
  readonly status: 'deleted' | 'not_active' | 'not_found' | 'error';
  readonly message?: string;
}

export interface ImportRequest {
  readonly keystores: readonly unknown[];
  readonly passwords: readonly string[];
  /** An EIP-3076 file, as text or as the object of its JSON. */
  readonly slashingProtection?: unknown;
}

/** Keymanager API, GET: the keys that can sign. Those that the store does not hold cannot be deleted through the API. */
export function listKeystores({ ring, store }: KeystorePorts): ListedKey[] {
  const records = new Map(store.list().map((record) => [record.pubkey, record]));
  return Array.from(ring.pubkeys, (pubkey) => {
    const record = records.get(pubkey);
    const path = record?.path ? { derivation_path: record.path } : {};
    return { validating_pubkey: pubkey, ...path, readonly: record === undefined };
  });
}

/**
 * Keymanager API, POST. The history is applied before any key can sign, and when it cannot be, no key is imported: a key
 * without its past is what gets validators slashed. Then the keys are sealed, allowed to claim, and only then loaded.
 */
export async function importKeystores(ports: KeystorePorts, request: ImportRequest): Promise<ImportStatus[]> {
  const { ring, protection, decrypt } = ports;
  const { keystores, passwords, slashingProtection } = request;
  if (slashingProtection !== undefined) {
    try {
      await protection.import(slashingProtection);
    } catch (error) {
      return keystores.map(() => failed('the slashing protection data was refused, so no key was imported', error));
    }
  }
  const opened = await decrypt(keystores.map((keystore, index) => ({ keystore, password: passwords[index]! })));
  const fresh = new Map<Pubkey, NewKey>();
  const statuses = opened.map((result): ImportStatus => {
    if (!result.ok) return failed('the keystore does not open', result.error);
    const { key } = result;
    if (ring.has(key.pubkey) || fresh.has(key.pubkey)) {
      key.secret.fill(0);
      return { status: 'duplicate' };
    }
    fresh.set(key.pubkey, key);
    return { status: 'imported' };
  });
  if (fresh.size === 0) return statuses;
  const problem = await activate(ports, [...fresh.values()]);
  return problem === null ? statuses : statuses.map((each) => (each.status === 'imported' ? problem : each));
}

/** Seals, enables and loads keys, all or none; null, or why none. The secrets are zeroed. */
async function activate(ports: KeystorePorts, keys: readonly NewKey[]): Promise<ImportStatus | null> {
  const { ring, store, protection, beforeActive } = ports;
  const pubkeys = keys.map(({ pubkey }) => pubkey);
  const added = pubkeys.filter((pubkey) => !store.has(pubkey));
  try {
    await store.add(keys);
    await store.setDisabled(pubkeys, false);
    await protection.enable(pubkeys);
    await beforeActive?.(pubkeys);
    ring.add(keys);
    return null;
  } catch (error) {
    return (await undo(ports, pubkeys, added)) ?? failed('the keys were not imported', error);
  } finally {
    for (const { secret } of keys) secret.fill(0);
  }
}

/**
 * Takes back an import that failed half way: who is told that a key was not imported goes on using it elsewhere, so it
 * must not come alive here at the next start.
 */
async function undo(
  { ring, store, protection }: KeystorePorts,
  pubkeys: readonly Pubkey[],
  added: readonly Pubkey[],
): Promise<ImportStatus | null> {
  for (const pubkey of pubkeys) ring.remove(pubkey);
  try {
    await protection.disable(pubkeys);
    await store.remove(added);
    await store.setDisabled(
      pubkeys.filter((pubkey) => store.has(pubkey)),
      true,
    );
    return null;
  } catch (error) {
    return failed(
      'the import broke off and could not be taken back; delete the key here before using it elsewhere',
      error,
    );
  }
}

/**
 * Keymanager API, DELETE, in the order that it asks for: first the keys can sign no more (out of memory, and barred from
 * claiming in the same transaction that reads their history), only then are they removed from the store and the history
 * is handed out. A signature that was under way had claimed before, so its claim is in that history.
 */
export async function deleteKeystores(
  { ring, store, protection }: KeystorePorts,
  pubkeys: readonly Pubkey[],
): Promise<{ readonly statuses: DeleteStatus[]; readonly interchange: Interchange }> {
  const unique = [...new Set(pubkeys)];
  const foreign = new Set(unique.filter((pubkey) => ring.has(pubkey) && !store.has(pubkey)));
  const asked = unique.filter((pubkey) => !foreign.has(pubkey));
  const stored = asked.filter((pubkey) => store.has(pubkey));
  for (const pubkey of asked) ring.remove(pubkey);
  let history: Interchange;
  try {
    history = await protection.disable(asked);
    await store.remove(stored);
  } catch (error) {
    const status = failed('the key signs no more until the next start or reload, but was not deleted', error);
    return { statuses: pubkeys.map(() => status), interchange: interchangeOf(protection.genesisValidatorsRoot) };
  }
  const known = new Set(history.data.map(({ pubkey }) => pubkey));
  const [removed, first] = [new Set(stored), new Set<Pubkey>()];
  const statuses = pubkeys.map((pubkey): DeleteStatus => {
    if (foreign.has(pubkey))
      return { status: 'error', message: "this key is not in the signer's store: it is readonly" };
    const again = first.has(pubkey);
    first.add(pubkey);
    if (removed.has(pubkey) && !again) return { status: 'deleted' };
    return { status: known.has(pubkey) ? 'not_active' : 'not_found' };
  });
  return { statuses, interchange: history };
}

/** A file that says nothing of any key. */
const interchangeOf = (genesisValidatorsRoot: Root): Interchange => ({
  metadata: { interchange_format_version: '5', genesis_validators_root: genesisValidatorsRoot },
  data: [],
});

/** Messages of Holdfast's own errors hold no secrets; others are not shown. */
function failed(what: string, error: unknown): { readonly status: 'error'; readonly message: string } {
  return { status: 'error', message: error instanceof HoldfastError ? `${what}: ${error.message}` : what };
}

import { hkdfSync, timingSafeEqual } from 'node:crypto';
import { gcmOpen, gcmSeal, NONCE_BYTES } from '../aead/gcm.ts';
import { HsmKeyError, KekWrongError } from '../kek/errors.ts';
import type { KeyEncryptionKey } from '../kek/kek.ts';
import { dataKeyAad, type Header, type KeyRecord, recordAad, type SealedRecord } from './format.ts';

const KEY_BYTES = 32;

export type Random = (bytes: number) => Uint8Array;

/** The data key's two uses. In RAM only while the store works with it; see `withDataKey`. */
export interface DataKey {
  readonly secrets: Uint8Array;
  readonly roll: Uint8Array;
}

/** A new data key, sealed by `kek`. That the KEK opens what it sealed is tried here, before keys depend on it. */
export async function sealDataKey(kek: KeyEncryptionKey, store: string, dataKey: Uint8Array): Promise<string> {
  const aad = dataKeyAad(store);
  const sealed = await kek.seal(dataKey, aad);
  const opened = await kek.open(sealed, aad);
  const same = opened.length === KEY_BYTES && timingSafeEqual(opened, dataKey);
  opened.fill(0);
  if (same) return Buffer.from(sealed).toString('base64');
  throw new HsmKeyError('the key-encryption key does not give back what it sealed', { data: { kek: kek.label } });
}

/**
 * Asks the KEK for the store's data key, and zeroes it and all derived from it when `use` is done.
 * @throws KekWrongError | HsmGoneError | KeysClosedError
 */
export async function withDataKey<Result>(
  kek: KeyEncryptionKey,
  header: Pick<Header, 'kek' | 'key' | 'store'>,
  use: (key: DataKey) => Result | Promise<Result>,
): Promise<Result> {
  if (header.kek.kind !== kek.kind) {
    throw new KekWrongError({
      data: { sealedBy: `${header.kek.kind} ${header.kek.label}`, given: kek.kind },
      fix: 'Open the store with what sealed it',
    });
  }
  const dataKey = await kek.open(Buffer.from(header.key, 'base64'), dataKeyAad(header.store));
  if (dataKey.length !== KEY_BYTES) throw new KekWrongError();
  try {
    return await withDerived(dataKey, use);
  } finally {
    dataKey.fill(0);
  }
}

/** For a data key that is at hand. */
export async function withDerived<Result>(
  dataKey: Uint8Array,
  use: (key: DataKey) => Result | Promise<Result>,
): Promise<Result> {
  const key = { secrets: derived(dataKey, 'secrets'), roll: derived(dataKey, 'roll') };
  try {
    return await use(key);
  } finally {
    key.secrets.fill(0);
    key.roll.fill(0);
  }
}

/** `secret` is 32 bytes and not zeroed. */
export function sealSecret(
  key: DataKey,
  store: string,
  record: KeyRecord,
  secret: Uint8Array,
  random: Random,
): SealedRecord {
  const sealed = gcmSeal(key.secrets, random(NONCE_BYTES), secret, recordAad(store, record));
  return { ...record, secret: Buffer.from(sealed).toString('base64') };
}

/** The secret, or undefined when the record is not as it was sealed. The caller zeroes it. */
export function openSecret(key: DataKey, store: string, record: SealedRecord): Uint8Array | undefined {
  const secret = gcmOpen(key.secrets, Buffer.from(record.secret, 'base64'), recordAad(store, record));
  return secret?.length === 32 ? secret : undefined;
}

function derived(dataKey: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, '', `holdfast sealed keys: ${use}`, KEY_BYTES));
}

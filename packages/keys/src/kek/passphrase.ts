import { randomBytes } from 'node:crypto';
import { gcmOpen, gcmSeal, NONCE_BYTES } from '../aead/gcm.ts';
import { KeysClosedError, KeysConfigError } from '../errors.ts';
import { passwordBytes } from '../keystore/password.ts';
import { KekWrongError } from './errors.ts';
import type { KeyEncryptionKey } from './kek.ts';
import {
  checkedKdf,
  decodeKdf,
  encodeKdf,
  PASSPHRASE_KDF_DEFAULT,
  type PassphraseKdf,
  passphraseKey,
  SALT_BYTES,
} from './passphrase-kdf.ts';

export interface PassphraseKekOptions {
  /** Text, or the bytes of a file, in UTF-8; line ends are ignored, as in keystores. At least 8 characters. */
  readonly passphrase: string | Uint8Array;
  /** For what is sealed newly. Default: argon2id, 64 MiB, 3 passes, 4 lanes. */
  readonly kdf?: PassphraseKdf;
  /** Default: the operating system's. */
  readonly random?: (bytes: number) => Uint8Array;
}

const PASSPHRASE_BYTES_MIN = 8;

/**
 * A key-encryption key from a passphrase. It is derived at the first use, once for each salt, and stays in RAM, as does
 * the passphrase, until `close`. Its strength is the passphrase's: whoever copies the store may guess at leisure.
 * @throws KeysConfigError when the passphrase is short or the derivation out of bounds
 */
export function openPassphraseKek(options: PassphraseKekOptions): KeyEncryptionKey {
  const kdf = checkedKdf(options.kdf ?? PASSPHRASE_KDF_DEFAULT);
  const passphrase = passwordBytes(options.passphrase);
  if (passphrase.length < PASSPHRASE_BYTES_MIN) {
    throw new KeysConfigError('the passphrase is too short', { data: { bytesMin: PASSPHRASE_BYTES_MIN } });
  }
  return new PassphraseKek(passphrase, kdf, options.random ?? randomBytes);
}

class PassphraseKek implements KeyEncryptionKey {
  readonly kind = 'passphrase';
  readonly label = 'passphrase';
  readonly #passphrase: Uint8Array;
  readonly #random: (bytes: number) => Uint8Array;
  /** By head: derivation parameters and salt. */
  readonly #keys = new Map<string, Promise<Uint8Array>>();
  readonly #head: Uint8Array;
  #closed = false;

  constructor(passphrase: Uint8Array, kdf: PassphraseKdf, random: (bytes: number) => Uint8Array) {
    this.#passphrase = passphrase;
    this.#random = random;
    this.#head = encodeKdf(kdf, random(SALT_BYTES));
  }

  async seal(plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const key = await this.#keyOf(this.#head);
    const sealed = gcmSeal(key, this.#random(NONCE_BYTES), plaintext, Buffer.concat([this.#head, aad]));
    return Buffer.concat([this.#head, sealed]);
  }

  async open(sealed: Uint8Array, aad: Uint8Array): Promise<Uint8Array> {
    const head = decodeKdf(sealed)?.bytes;
    if (head === undefined) throw new KekWrongError({ fix: 'This was not sealed by a passphrase, or was altered' });
    const key = await this.#keyOf(head);
    const plaintext = gcmOpen(key, sealed.subarray(head.length), Buffer.concat([head, aad]));
    if (plaintext === undefined) throw new KekWrongError();
    return plaintext;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#passphrase.fill(0);
    for (const key of this.#keys.values())
      void key.then(
        (bytes) => bytes.fill(0),
        () => undefined,
      );
    this.#keys.clear();
  }

  async #keyOf(head: Uint8Array): Promise<Uint8Array> {
    if (this.#closed) throw new KeysClosedError('key-encryption key');
    const name = Buffer.from(head).toString('hex');
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const { kdf, salt } = decodeKdf(head)!;
    const key = passphraseKey(kdf, this.#passphrase, salt);
    this.#keys.set(name, key);
    key.catch(() => this.#keys.delete(name));
    const bytes = await key;
    if (this.#closed) throw new KeysClosedError('key-encryption key');
    return bytes;
  }
}

/**
 * A key that seals other keys: the port of the sealed store. One adapter keeps it in a PKCS#11 token, the other derives it
 * from a passphrase.
 *
 * `aad` is bound, not hidden: `open` must be given the same. What `seal` returns carries all that `open` needs besides
 * the key itself, so it may be kept and moved anywhere.
 */
export interface KeyEncryptionKey {
  readonly kind: 'passphrase' | 'pkcs11';
  /** Which one it is, for people: it stands in the clear beside what it sealed. */
  readonly label: string;
  /** @throws HsmGoneError | KeysClosedError */
  seal(plaintext: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
  /** @throws KekWrongError | HsmGoneError | KeysClosedError */
  open(sealed: Uint8Array, aad: Uint8Array): Promise<Uint8Array>;
  /** Lets go of the key: zeroed, or its session closed. May be called more than once. */
  close(): void;
}

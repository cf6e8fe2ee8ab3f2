import { type KeysError, KeysSecretError } from '../errors.ts';
import type { KeyPair } from '../ring/key-ring.ts';
import { KeystorePasswordError, KeystorePubkeyError } from './errors.ts';
import { type Keystore, parseKeystore } from './format.ts';
import { type Opening, openKeystore } from './open.ts';
import { passwordBytes } from './password.ts';

/** A key with what its keystore says about it. The secret belongs to the public key: that was derived. */
export interface DecryptedKey extends KeyPair {
  readonly path: string;
  readonly description: string;
}

/**
 * Opens an EIP-2335 keystore on the calling thread, which is blocked for most of a second with the usual parameters;
 * `decryptKeystores` opens many, on threads.
 * @param keystore its text, or the object of its JSON
 * @param password text, or the bytes of a password file
 * @returns the key; zero its secret after use
 * @throws KeystoreFormatError | KeystoreCostError | KeystorePasswordError | KeystorePubkeyError | KeysSecretError
 */
export function decryptKeystore(keystore: unknown, password: string | Uint8Array): DecryptedKey {
  const parsed = parseKeystore(keystore);
  const bytes = passwordBytes(password);
  try {
    return keyFrom(parsed, openKeystore(parsed, bytes));
  } finally {
    bytes.fill(0);
  }
}

/** @throws KeysError that says why the keystore did not open */
export function keyFrom(keystore: Keystore, opening: Opening): DecryptedKey {
  if (opening.outcome !== 'opened') throw refusal(keystore, opening);
  const { pubkey, secret } = opening;
  return { pubkey, secret, path: keystore.path, description: keystore.description };
}

function refusal(keystore: Keystore, opening: Exclude<Opening, { outcome: 'opened' }>): KeysError {
  const data = { uuid: keystore.uuid, pubkey: keystore.pubkey ?? 'not given' };
  switch (opening.outcome) {
    case 'wrong-password':
      return new KeystorePasswordError({ data });
    case 'bad-secret':
      return new KeysSecretError({ data, fix: 'This keystore is of no use' });
    case 'other-key':
      return new KeystorePubkeyError({ data: { ...data, holds: opening.pubkey } });
  }
}

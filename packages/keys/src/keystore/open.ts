import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto';
import type { Pubkey } from '@holdfast/units';
import { publicKeyOf } from '../bls/bls.ts';
import { KeysSecretError } from '../errors.ts';
import type { Keystore } from './format.ts';
import { deriveKey } from './kdf.ts';

/** What comes of trying a password, in a form that passes between threads. */
export type Opening =
  | { readonly outcome: 'opened'; readonly secret: Uint8Array; readonly pubkey: Pubkey }
  | { readonly outcome: 'wrong-password' }
  | { readonly outcome: 'bad-secret' }
  | { readonly outcome: 'other-key'; readonly pubkey: Pubkey };

/** Opens a keystore on the calling thread: most of a second with EIP-2335's parameters. */
export function openKeystore(keystore: Keystore, password: Uint8Array): Opening {
  const derived = deriveKey(keystore.kdf, password);
  try {
    if (!timingSafeEqual(checksumOf(derived, keystore.ciphertext), keystore.checksum)) {
      return { outcome: 'wrong-password' };
    }
    return checkedSecret(keystore, aes128Ctr(derived, keystore.iv, keystore.ciphertext));
  } finally {
    derived.fill(0);
  }
}

function checkedSecret(keystore: Keystore, secret: Uint8Array): Opening {
  let kept = false;
  try {
    const pubkey = publicKeyOf(secret);
    if (keystore.pubkey !== undefined && keystore.pubkey !== pubkey) return { outcome: 'other-key', pubkey };
    kept = true;
    return { outcome: 'opened', secret, pubkey };
  } catch (error) {
    if (error instanceof KeysSecretError) return { outcome: 'bad-secret' };
    throw error;
  } finally {
    if (!kept) secret.fill(0);
  }
}

/** SHA-256 over the upper half of the derived key and the ciphertext. */
export function checksumOf(derived: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return createHash('sha256').update(derived.subarray(16, 32)).update(ciphertext).digest();
}

/** AES-128-CTR with the lower half of the derived key; the same both ways. */
export function aes128Ctr(derived: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  // CTR has no padding, so `update` gives all there is. The copy has a buffer of its own, to be handed to a thread.
  const out = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv).update(text);
  const copy = new Uint8Array(out);
  out.fill(0);
  return copy;
}

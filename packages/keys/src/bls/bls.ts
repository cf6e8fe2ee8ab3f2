// Ethereum's BLS signatures (consensus-specs, phase0 "BLS signatures"): the ciphersuite
// BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_ of the IRTF draft v4, public keys in G1, signatures in G2, by blst.
import {
  aggregateSerializedPublicKeys,
  aggregateSerializedSignatures,
  fastAggregateVerify,
  PublicKey,
  SecretKey,
  Signature,
  verify,
} from '@chainsafe/blst';
import { type Pubkey, toHex } from '@holdfast/units';
import { KeysPointError, KeysSecretError } from '../errors.ts';

export const SECRET_BYTES = 32;
export const PUBKEY_BYTES = 48;
export const SIGNATURE_BYTES = 96;
export const SIGNING_ROOT_BYTES = 32;

/**
 * The public key of `secret` (32 bytes, big-endian), compressed. Takes about as long as a quarter of a signature.
 * @throws KeysSecretError
 */
export function publicKeyOf(secret: Uint8Array): Pubkey {
  return toHex(secretKeyFrom(secret).toPublicKey().toBytes()) as Pubkey;
}

/**
 * Signs 32 bytes on the calling thread: for tools and tests; a signer uses `KeyRing`.
 * @returns the signature, 96 bytes, compressed
 * @throws KeysSecretError
 */
export function sign(secret: Uint8Array, signingRoot: Uint8Array): Uint8Array {
  return secretKeyFrom(secret).sign(checkedRoot(signingRoot)).toBytes();
}

/**
 * Whether `signature` is the one of `pubkey` over `signingRoot`. Both points are checked to lie in their groups; the
 * point at infinity is never valid. False for whatever is malformed.
 */
export function verifySignature(pubkey: Pubkey, signingRoot: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = PublicKey.fromBytes(bytesOf(pubkey), true);
    return verify(checkedRoot(signingRoot), key, Signature.fromBytes(signature, true), false, false);
  } catch {
    return false;
  }
}

/**
 * The sum of `signatures`: over one message, what `verifyAggregate` accepts for the signers' keys.
 * @throws KeysPointError when there is none, or one is not a point of its group
 */
export function aggregateSignatures(signatures: readonly Uint8Array[]): Uint8Array {
  try {
    return aggregateSerializedSignatures([...signatures], true).toBytes();
  } catch (cause) {
    throw new KeysPointError('list of signatures', { data: { signatures: signatures.length }, cause });
  }
}

/**
 * The sum of `pubkeys`.
 * @throws KeysPointError when there is none, or one is not a point of its group
 */
export function aggregatePubkeys(pubkeys: readonly Pubkey[]): Pubkey {
  try {
    return toHex(aggregateSerializedPublicKeys(pubkeys.map(bytesOf), true).toBytes()) as Pubkey;
  } catch (cause) {
    throw new KeysPointError('list of public keys', { data: { pubkeys: pubkeys.length }, cause });
  }
}

/**
 * Whether `signature` is the aggregate of all of `pubkeys` over one `signingRoot` (`FastAggregateVerify`). The keys need
 * a proof of possession (the deposit), as the ciphersuite says. False for whatever is malformed, and for no keys.
 */
export function verifyAggregate(pubkeys: readonly Pubkey[], signingRoot: Uint8Array, signature: Uint8Array): boolean {
  try {
    const keys = pubkeys.map((pubkey) => PublicKey.fromBytes(bytesOf(pubkey), true));
    return fastAggregateVerify(checkedRoot(signingRoot), keys, Signature.fromBytes(signature, true), false);
  } catch {
    return false;
  }
}

/**
 * A new secret key by the ciphersuite's KeyGen.
 * @param entropy at least 32 bytes of randomness; zero it afterwards
 * @throws KeysSecretError
 */
export function secretFromEntropy(entropy: Uint8Array): Uint8Array {
  if (entropy.length < 32) throw new KeysSecretError({ data: { entropyBytes: entropy.length }, fix: 'Give 32 bytes' });
  return SecretKey.fromKeygen(entropy).toBytes();
}

/** @throws KeysSecretError when `secret` is not one. The bytes are in no error. */
export function secretKeyFrom(secret: Uint8Array): SecretKey {
  try {
    return SecretKey.fromBytes(secret);
  } catch {
    throw new KeysSecretError({ data: { bytes: secret.length } });
  }
}

/**
 * A compressed public key as it came from outside.
 * @throws KeysPointError when it is not a point of its group, or the point at infinity
 */
export function checkedPubkey(bytes: Uint8Array): Pubkey {
  try {
    return toHex(PublicKey.fromBytes(bytes, true).toBytes()) as Pubkey;
  } catch (cause) {
    throw new KeysPointError('public key', { data: { pubkey: toHex(bytes) }, cause });
  }
}

/** @throws KeysPointError: only roots are signed, never free text */
export function checkedRoot(signingRoot: Uint8Array): Uint8Array {
  if (signingRoot.length === SIGNING_ROOT_BYTES) return signingRoot;
  throw new KeysPointError('signing root', { data: { bytes: signingRoot.length, expected: SIGNING_ROOT_BYTES } });
}

function bytesOf(pubkey: Pubkey): Uint8Array {
  return Buffer.from(pubkey.slice(2), 'hex');
}

/** A node's identity: an Ed25519 key, the one that its libp2p peer id is made of. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import { ThresholdError } from '../threshold/errors.ts';

/** 64 bytes. */
export type IdentitySignature = Uint8Array;

/** Signs statements of a ceremony in a node's name. */
export interface NodeIdentity {
  /** 32 bytes, as the definition names the node. */
  readonly publicKey: Hex;
  sign(statement: Uint8Array): IdentitySignature;
}

export const IDENTITY_SIGNATURE_BYTES = 64;

const SEED_BYTES = 32;
/** DER around a raw Ed25519 seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Protobuf around an Ed25519 public key, inside an identity multihash (libp2p peer-ids specification). */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The identity of a 32-byte seed (the first half of libp2p's raw Ed25519 private key). The seed is the caller's to erase. */
export function ed25519Identity(seed: Uint8Array): NodeIdentity {
  if (seed.length !== SEED_BYTES) {
    throw new ThresholdError('THRESHOLD_IDENTITY', 'an identity key has the wrong length', {
      data: { bytes: seed.length },
      fix: 'Give the 32 bytes of an Ed25519 seed',
    });
  }
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    publicKey: toHex(Buffer.from(x!, 'base64url')),
    sign: (statement) => new Uint8Array(sign(null, statement, key)),
  };
}

/** Whether `signature` over `statement` is by the identity. False for garbage of any kind. */
export function verifyIdentity(publicKey: Hex, statement: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== IDENTITY_SIGNATURE_BYTES) return false;
  try {
    return verify(null, statement, keyOf(publicKey), signature);
  } catch {
    return false;
  }
}

/** The libp2p peer id of an identity: `12D3KooW…`. */
export function peerIdOf(publicKey: Hex): string {
  return base58(Buffer.concat([PEER_ID_PREFIX, fromHex(publicKey, 32)]));
}

function keyOf(publicKey: Hex): KeyObject {
  const x = Buffer.from(fromHex(publicKey, 32)).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function base58(bytes: Uint8Array): string {
  let digits = '';
  for (let value = BigInt(toHex(bytes)); value > 0n; value /= 58n) digits = BASE58[Number(value % 58n)]! + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return BASE58[0]!.repeat(zeros) + digits;
}

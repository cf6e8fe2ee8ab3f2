import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { fromHex, type Hex } from '@holdfast/units';
import {
  generateKeyPair,
  generateKeyPairFromSeed,
  privateKeyFromProtobuf,
  privateKeyToProtobuf,
  publicKeyFromRaw,
} from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey, peerIdFromPublicKey } from '@libp2p/peer-id';
import { IdentityError } from '../errors.ts';

type Ed25519PrivateKey = Extract<ReturnType<typeof privateKeyFromProtobuf>, { readonly type: 'Ed25519' }>;

/** Who a node is to its peers: an Ed25519 key. It signs consensus messages and proves itself in the noise handshake. */
export interface NodeIdentity {
  readonly peerId: string;
  readonly privateKey: Ed25519PrivateKey;
}

export async function createIdentity(): Promise<NodeIdentity> {
  return identityOf(await generateKeyPair('Ed25519'));
}

/** The identity that a seed (32 bytes) always gives: for benchmarks and devnets, where nothing is at stake. */
export async function identityFromSeed(seed: Uint8Array): Promise<NodeIdentity> {
  return identityOf(await generateKeyPairFromSeed('Ed25519', seed));
}

/** Writes a new identity to `path`, readable by its owner only. Never overwrites one. */
export async function createIdentityFile(path: string): Promise<NodeIdentity> {
  if (existsSync(path)) {
    throw new IdentityError('there is an identity already', path, 'Use it, or move it away first');
  }
  const identity = await createIdentity();
  const text = `${Buffer.from(privateKeyToProtobuf(identity.privateKey)).toString('base64')}\n`;
  const draft = `${path}.${process.pid}.tmp`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  return identity;
}

/** @throws IdentityError when the file is missing, damaged, not Ed25519, or readable by others. */
export function loadIdentity(path: string): NodeIdentity {
  let text: string;
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new IdentityError('the identity cannot be read', path, 'Check the path and its owner', cause);
  }
  try {
    const key = privateKeyFromProtobuf(Buffer.from(text.trim(), 'base64'));
    if (key.type !== 'Ed25519') throw new Error(`its type is ${key.type}`);
    return identityOf(key);
  } catch (cause) {
    throw new IdentityError('the identity is not an Ed25519 key', path, 'Restore it from a backup', cause);
  }
}

const identityOf = (privateKey: Ed25519PrivateKey): NodeIdentity => ({
  privateKey,
  peerId: peerIdFromPrivateKey(privateKey).toString(),
});

/** The libp2p peer id of a raw Ed25519 public key, as a cluster lock holds it. */
export const peerIdOf = (identity: Hex): string =>
  peerIdFromPublicKey(publicKeyFromRaw(fromHex(identity, 32))).toString();

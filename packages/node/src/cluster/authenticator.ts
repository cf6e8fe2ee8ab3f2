import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Authenticator } from '@holdfast/consensus';
import { fromHex, type Hex } from '@holdfast/units';
import type { NodeIdentity } from '../net/identity.ts';

/** DER around a raw Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Consensus messages are signed with the node's network identity and checked against the identities of the lock, so that
 * what one node said can be shown to another.
 *
 * @param identities of the nodes in the order of the lock: raw Ed25519 public keys
 */
export function identityAuthenticator(identity: NodeIdentity, identities: readonly Hex[]): Authenticator {
  const seed = identity.privateKey.raw.subarray(0, 32);
  const own = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const others: KeyObject[] = identities.map((key) =>
    createPublicKey({ key: Buffer.concat([SPKI, fromHex(key, 32)]), format: 'der', type: 'spki' }),
  );
  return {
    sign: (bytes) => new Uint8Array(sign(null, bytes, own)),
    verify: (sender, bytes, signature) => {
      const key = others[sender];
      return key !== undefined && signature.length === 64 && verify(null, bytes, key, signature);
    },
  };
}

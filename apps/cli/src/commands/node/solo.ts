import { createHash } from 'node:crypto';
import { type ClusterLock, type KeyPair, LOCK_VERSION, type LockContent, sealLock, signLock } from '@holdfast/keys';
import type { NodeIdentity } from '@holdfast/node';
import { vaultCredentials } from '@holdfast/signer';
import { type Hex, type Root, toHex } from '@holdfast/units';
import type { SignerNetwork } from '../signer/networks.ts';

const ZERO_ROOT = `0x${'00'.repeat(32)}` as Root;
const NO_SIGNATURE = `0x${'00'.repeat(65)}` as Hex;

/** A lock of one node over whole keys: what makes a node a plain validator client. Nobody else ever sees it. */
export function soloLock(
  keys: readonly KeyPair[],
  identity: NodeIdentity,
  feeRecipient: Hex,
  { name, genesisForkVersion, genesisValidatorsRoot }: SignerNetwork,
): ClusterLock {
  const sorted = [...keys].sort((a, b) => (a.pubkey < b.pubkey ? -1 : 1));
  const address = feeRecipient.toLowerCase() as Hex;
  const content: LockContent = {
    version: LOCK_VERSION,
    definition: {
      name: 'solo',
      nonce: toHex(createHash('sha256').update(identity.peerId).digest()) as Root,
      network: { name, genesisForkVersion, genesisValidatorsRoot },
      withdrawalCredentials: vaultCredentials(address),
      feeRecipient: address,
      threshold: 1,
      validators: keys.length,
      depositAmounts: [],
      operators: [{ address, identity: toHex(identity.privateKey.publicKey.raw), multiaddrs: [] }],
      generation: 0,
      previousLockHash: ZERO_ROOT,
    },
    operatorSignatures: [{ entry: NO_SIGNATURE, definition: NO_SIGNATURE }],
    validators: sorted.map(({ pubkey }) => ({ pubkey, sharePubkeys: [pubkey], deposits: [] })),
    transcriptHash: ZERO_ROOT,
  };
  const signature = signLock(
    sorted.map(({ secret }) => secret),
    content,
  );
  return sealLock(content, [{ index: 1, signature }]);
}

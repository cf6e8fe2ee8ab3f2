import { aggregatePublicKeys, aggregateSignatures, type PublicKey, SecretKey, verify } from '@chainsafe/blst';
import { fromHex, toHex } from '@holdfast/units';
import type { ThresholdKey } from '../threshold/key.ts';
import { decodeSignature, type PartialSignature } from '../threshold/partial.ts';
import { type Scalar, sumScalars, wipe } from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import { fieldDigests, lockHash } from './hash.ts';
import type { ClusterLock, LockContent } from './types.ts';

/**
 * One node's part of the lock's aggregate signature: the sum of its shares' signatures over the lock hash. Over one
 * message the sum of signatures is the signature by the sum of the keys, so one signature does for a thousand shares.
 */
export function signLock(shares: readonly Scalar[], content: LockContent): Uint8Array {
  const sum = sumScalars(shares);
  try {
    return SecretKey.fromBytes(sum)
      .sign(fromHex(lockHash(content), 32))
      .toBytes();
  } finally {
    wipe(sum);
  }
}

/** Whether a node's part is by all of its shares. */
export function verifyLockPart(keys: readonly ThresholdKey[], content: LockContent, part: PartialSignature): boolean {
  const signature = decodeSignature(part.signature, true);
  return signature !== undefined && verify(fromHex(lockHash(content), 32), nodePubkey(keys, part.index), signature);
}

/** The lock: its content, the hash over it, and the aggregate of the parts, which must have been verified. */
export function sealLock(content: LockContent, parts: readonly PartialSignature[]): ClusterLock {
  const sorted = [...parts].sort((a, b) => a.index - b.index);
  const { version, definition, operatorSignatures, validators, transcriptHash } = content;
  return {
    version,
    definition,
    operatorSignatures,
    validators,
    transcriptHash,
    lockHash: lockHash(content),
    fieldDigests: fieldDigests(content),
    signers: sorted.map(({ index }) => index),
    aggregateSignature: toHex(
      aggregateSignatures(sorted.map(({ signature }) => decodeSignature(signature, true)!)).toBytes(),
    ),
  };
}

/** The sum of one node's public keys over all validators. */
export function nodePubkey(keys: readonly ThresholdKey[], index: ShareIndex): PublicKey {
  return aggregatePublicKeys(keys.map((key) => key.sharePubkeys[index - 1]!));
}

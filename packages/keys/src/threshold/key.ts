import { PublicKey } from '@chainsafe/blst';
import { PUBKEY_BYTES } from '../bls/bls.ts';
import { ThresholdError } from './errors.ts';
import { combinePubkeys, samePoint } from './points.ts';
import { recoveryFactors, type ShareIndex, type ThresholdScheme } from './scheme.ts';

/**
 * The public side of a shared key, decoded and checked once: the validator's public key and each node's.
 * `sharePubkeys[i]` belongs to share i + 1.
 */
export interface ThresholdKey {
  readonly scheme: ThresholdScheme;
  readonly groupPubkey: PublicKey;
  readonly sharePubkeys: readonly PublicKey[];
}

/**
 * Decodes the public keys of a shared key and proves that they belong together: every t of the shares give the group's
 * key, so no partial signature that verifies can spoil a recovery.
 *
 * @throws THRESHOLD_PUBKEY where one is no public key, THRESHOLD_KEY_MISMATCH where they do not lie on one polynomial.
 */
export function loadThresholdKey(
  scheme: ThresholdScheme,
  groupPubkey: Uint8Array,
  sharePubkeys: readonly Uint8Array[],
): ThresholdKey {
  if (sharePubkeys.length !== scheme.nodes) {
    throw new ThresholdError(
      'THRESHOLD_KEY_MISMATCH',
      'a shared key has another number of shares than the cluster has nodes',
      {
        data: { shares: sharePubkeys.length, nodes: scheme.nodes },
      },
    );
  }
  const key = {
    scheme,
    groupPubkey: decodePubkey(groupPubkey, 'group'),
    sharePubkeys: sharePubkeys.map((bytes, i) => decodePubkey(bytes, `share ${i + 1}`)),
  };
  const wrong = strayShare(key);
  if (wrong !== undefined) {
    throw new ThresholdError(
      'THRESHOLD_KEY_MISMATCH',
      'the public keys of the shares do not add up to the group public key',
      {
        data: { group: Buffer.from(groupPubkey).toString('hex'), firstStraySet: wrong },
        fix: 'One of them was exchanged: take the lock from a node that verifies it',
      },
    );
  }
  return key;
}

/**
 * The first window of t neighbours that does not give the group's key. Windows i…i+t−1 overlap in t−1 shares, and with
 * the group's key these determine the next one, so if all windows agree, all shares lie on one polynomial.
 */
function strayShare({ scheme, groupPubkey, sharePubkeys }: ThresholdKey): readonly ShareIndex[] | undefined {
  for (let first = 1; first + scheme.threshold - 1 <= scheme.nodes; first += 1) {
    const window = Array.from({ length: scheme.threshold }, (_, i) => first + i);
    const points = window.map((index) => sharePubkeys[index - 1]!);
    if (!samePoint(combinePubkeys(points, recoveryFactors(scheme, window)), groupPubkey)) return window;
  }
  return undefined;
}

/** A public key from 48 bytes: on the curve, in the subgroup, not infinity. @throws THRESHOLD_PUBKEY */
export function decodePubkey(bytes: Uint8Array, what: string): PublicKey {
  // blst also takes the uncompressed form; one point must have one encoding.
  if (bytes.length === PUBKEY_BYTES) {
    try {
      return PublicKey.fromBytes(bytes, true);
    } catch {
      // Told below: blst's reason does not say whose key it was.
    }
  }
  throw new ThresholdError('THRESHOLD_PUBKEY', 'not a BLS public key', {
    data: { of: what, bytes: Buffer.from(bytes.subarray(0, PUBKEY_BYTES)).toString('hex') },
  });
}

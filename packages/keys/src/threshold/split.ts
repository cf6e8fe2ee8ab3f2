import { type PublicKey, SecretKey } from '@chainsafe/blst';
import { KeysSecretError } from '../errors.ts';
import { ThresholdError } from './errors.ts';
import type { ThresholdKey } from './key.ts';
import { combinePubkeys, evaluateCommitments, samePoint } from './points.ts';
import {
  combineScalars,
  evaluatePolynomial,
  inverseOfPublic,
  isScalar,
  type RandomBytes,
  randomScalar,
  type Scalar,
  wipe,
} from './scalar.ts';
import { recoveryFactors, type ShareIndex, type ThresholdScheme } from './scheme.ts';

/** A polynomial of secrets dealt to the nodes, with what lets each check its share (Feldman 1987). */
export interface Dealing {
  /** `shares[i]` is for node i + 1. Secret. */
  readonly shares: readonly Scalar[];
  /** Coefficient by coefficient times the generator of G1, constant term first. Public. */
  readonly commitments: readonly PublicKey[];
}

/**
 * Deals a random polynomial of degree t − 1, with `constant` as its constant term or a random one. The coefficients are
 * erased before it returns; the shares are the caller's to erase.
 */
export function deal(scheme: ThresholdScheme, random: RandomBytes, constant?: Scalar): Dealing {
  const coefficients = Array.from({ length: scheme.threshold }, (_, k) =>
    k === 0 && constant ? Uint8Array.from(constant) : randomScalar(random),
  );
  try {
    return {
      shares: Array.from({ length: scheme.nodes }, (_, i) => evaluatePolynomial(coefficients, i + 1)),
      commitments: coefficients.map(pubkeyOf),
    };
  } finally {
    wipe(...coefficients);
  }
}

/** Whether `share` is the value at `index` of the polynomial committed to. */
export function isShareOf(share: Scalar, index: ShareIndex, commitments: readonly PublicKey[]): boolean {
  return isScalar(share) && samePoint(pubkeyOf(share), evaluateCommitments(commitments, index));
}

/** The key that a polynomial stands for: scale × its constant term. */
export function groupPubkeyOf(scheme: ThresholdScheme, commitments: readonly PublicKey[]): PublicKey {
  return combinePubkeys([commitments[0]!], [scheme.scale]);
}

/** A secret key split by one who knows it. */
export interface SplitKey {
  readonly shares: readonly Scalar[];
  readonly groupPubkey: Uint8Array;
  readonly sharePubkeys: readonly Uint8Array[];
}

/**
 * Splits an existing secret key. Whoever calls this holds the whole key, so a cluster of strangers wants a DKG instead.
 * `secret` is left to the caller to erase, as are the shares.
 */
export function splitKey(secret: Scalar, scheme: ThresholdScheme, random: RandomBytes): SplitKey {
  if (!isScalar(secret)) throw new KeysSecretError({ data: { what: 'secret to split' } });
  const constant = combineScalars([{ scalar: secret, factor: inverseOfPublic(scheme.scale) }]);
  const { shares, commitments } = deal(scheme, random, constant);
  wipe(constant);
  return {
    shares,
    groupPubkey: pubkeyOf(secret).toBytes(),
    sharePubkeys: shares.map((_, i) => evaluateCommitments(commitments, i + 1).toBytes()),
  };
}

/**
 * The whole secret key from t shares.
 *
 * Warning: after this one machine holds the key, and the cluster's other nodes guard nothing any more. It is there for a
 * cluster that gives itself up (recovery after an exit, a migration), never for signing.
 */
export function combineShares(scheme: ThresholdScheme, shares: ReadonlyMap<ShareIndex, Scalar>): Scalar {
  const factors = recoveryFactors(scheme, [...shares.keys()]);
  return combineScalars([...shares.values()].map((scalar, i) => ({ scalar, factor: factors[i]! })));
}

/**
 * Checks that a node's shares are those that its lock names, validator by validator. A node does so when it starts.
 *
 * @throws THRESHOLD_WRONG_SHARE
 */
export function checkShares(keys: readonly ThresholdKey[], index: ShareIndex, shares: readonly Scalar[]): void {
  const isRight = (i: number): boolean => {
    const [share, pubkey] = [shares[i], keys[i]?.sharePubkeys[index - 1]];
    return share !== undefined && pubkey !== undefined && isScalar(share) && samePoint(pubkeyOf(share), pubkey);
  };
  const validator = Array.from({ length: Math.max(keys.length, shares.length) }, (_, i) => i).find((i) => !isRight(i));
  if (validator === undefined) return;
  throw new ThresholdError('THRESHOLD_WRONG_SHARE', 'a share is not the one that the lock names for this node', {
    data: { validator, share: index, shares: shares.length, validators: keys.length },
    fix: 'Load the shares that came with this lock, in the order of its validators',
  });
}

/** Scalar × the generator of G1. */
export function pubkeyOf(scalar: Scalar): PublicKey {
  return SecretKey.fromBytes(scalar).toPublicKey();
}

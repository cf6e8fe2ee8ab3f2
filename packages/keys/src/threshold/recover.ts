import { type Signature, verify } from '@chainsafe/blst';
import { ThresholdError } from './errors.ts';
import type { ThresholdKey } from './key.ts';
import { decodeSignature, type PartialSignature, verifyPartial } from './partial.ts';
import { combineSignatures } from './points.ts';
import { recoveryFactors, type ShareIndex, type ThresholdScheme } from './scheme.ts';

/**
 * The group's signature from exactly t partial signatures, unverified: Σ (scale·λᵢ)·σᵢ in G2.
 *
 * @throws THRESHOLD_SIGNERS, THRESHOLD_BAD_PARTIAL where one is no point of the curve
 */
export function recoverSignature(scheme: ThresholdScheme, partials: readonly PartialSignature[]): Uint8Array {
  const points = partials.map(({ index, signature }) => {
    const point = decodeSignature(signature, false);
    if (point) return point;
    throw new ThresholdError('THRESHOLD_BAD_PARTIAL', 'a partial signature is no signature', { data: { index } });
  });
  return recover(scheme, partials, points).toBytes();
}

/** What came of a recovery. */
export interface Recovered {
  /** The group's signature, verified; undefined while fewer than t good partials are known. */
  readonly signature: Uint8Array | undefined;
  /** Who sent a partial signature that is not theirs, as far as it had to be found out. */
  readonly culprits: readonly ShareIndex[];
}

/**
 * The group's signature over `signingRoot` from any number of partial signatures, verified against the group's key.
 *
 * The partials are first taken as good: one recovery and one verification settle the ordinary case. Only if that fails is
 * each verified by itself, the liars named, and the signature recovered from the rest. A second partial of one node
 * counts for nothing if the first is good.
 */
export function recoverVerified(
  key: ThresholdKey,
  signingRoot: Uint8Array,
  partials: readonly PartialSignature[],
): Recovered {
  const { scheme } = key;
  const first = partials.filter(
    ({ index }, at) => key.sharePubkeys[index - 1] && partials.findIndex((other) => other.index === index) === at,
  );
  if (first.length === partials.length && partials.length >= scheme.threshold) {
    const signature = attempt(key, signingRoot, partials.slice(0, scheme.threshold));
    if (signature) return { signature, culprits: [] };
  }
  if (new Set(partials.map(({ index }) => index)).size < scheme.threshold)
    return { signature: undefined, culprits: [] };
  return recoverFromGood(key, signingRoot, partials);
}

function recoverFromGood(key: ThresholdKey, signingRoot: Uint8Array, partials: readonly PartialSignature[]): Recovered {
  const good = new Map<ShareIndex, PartialSignature>();
  const culprits = new Set<ShareIndex>();
  for (const partial of partials) {
    if (good.has(partial.index)) continue;
    if (verifyPartial(key, signingRoot, partial)) good.set(partial.index, partial);
    else culprits.add(partial.index);
  }
  const enough = [...good.values()].slice(0, key.scheme.threshold);
  const signature = enough.length < key.scheme.threshold ? undefined : attempt(key, signingRoot, enough);
  return { signature, culprits: [...culprits].sort((a, b) => a - b) };
}

/** Recovers from exactly t and verifies; a point outside the subgroup is caught by the check of the sum. */
function attempt(
  key: ThresholdKey,
  signingRoot: Uint8Array,
  partials: readonly PartialSignature[],
): Uint8Array | undefined {
  const points: Signature[] = [];
  for (const { signature } of partials) {
    const point = decodeSignature(signature, false);
    if (!point) return undefined;
    points.push(point);
  }
  const signature = recover(key.scheme, partials, points);
  return verify(signingRoot, key.groupPubkey, signature, false, true) ? signature.toBytes() : undefined;
}

function recover(
  scheme: ThresholdScheme,
  partials: readonly PartialSignature[],
  points: readonly Signature[],
): Signature {
  return combineSignatures(
    points,
    recoveryFactors(
      scheme,
      partials.map(({ index }) => index),
    ),
  );
}

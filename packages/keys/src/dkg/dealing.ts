import {
  type PublicKey,
  SecretKey,
  Signature,
  type SignatureSet,
  verifyMultipleAggregateSignatures,
} from '@chainsafe/blst';
import { decodePubkey, type ThresholdKey } from '../threshold/key.ts';
import { combinePubkeys, samePoint } from '../threshold/points.ts';
import {
  combineScalars,
  inverseOfPublic,
  type RandomBytes,
  randomScalar,
  type Scalar,
  wipe,
} from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import { deal } from '../threshold/split.ts';
import { sha256 } from './broadcast.ts';
import { Reader, Writer } from './codec.ts';
import type { CeremonyPlan } from './plan.ts';

/** What one dealer made: public bytes for all, secret shares for each. */
export interface OwnDealing {
  readonly payload: Uint8Array;
  readonly commitments: Commitments;
  /** `shares[receiver − 1][validator]`. */
  readonly shares: readonly (readonly Scalar[])[];
}

/** Commitments to the polynomials of one dealer, by validator. */
export type Commitments = readonly (readonly PublicKey[])[];

/**
 * Deals a polynomial for each validator. In a first ceremony its constant term is random, and a proof of possession (a
 * signature by it) shows that the dealer knows it, so that no commitment can be made of others' (Ristenpart and Yilek
 * 2007). In a resharing it is the dealer's old share over the new scale.
 */
export function makeDealing(
  plan: CeremonyPlan,
  dealer: ShareIndex,
  random: RandomBytes,
  oldShares: readonly Scalar[] | undefined,
): OwnDealing {
  const shares: Scalar[][] = Array.from({ length: plan.scheme.nodes }, () => []);
  const points: (readonly PublicKey[])[] = [];
  const out = new Writer();
  const inverse = inverseOfPublic(plan.scheme.scale);
  for (let validator = 0; validator < plan.definition.validators; validator += 1) {
    const old = oldShares?.[validator];
    const constant = old ? combineScalars([{ scalar: old, factor: inverse }]) : randomScalar(random);
    const dealt = deal(plan.scheme, random, constant);
    const commitments = dealt.commitments.map((point) => point.toBytes());
    points.push(dealt.commitments);
    out.bytes(...commitments);
    if (!plan.previous) {
      out.bytes(
        SecretKey.fromBytes(constant)
          .sign(possession(plan, dealer, validator, commitments[0]!))
          .toBytes(),
      );
    }
    for (const [i, share] of dealt.shares.entries()) shares[i]!.push(share);
    wipe(constant);
  }
  return { payload: out.done(), commitments: points, shares };
}

/**
 * A dealer's commitments, if its dealing is what it has to be: points of the group, each constant term proven. Anything
 * else is `undefined`, and the dealer is out: all see the same bytes and judge alike.
 */
export function checkDealing(plan: CeremonyPlan, dealer: ShareIndex, payload: Uint8Array): Commitments | undefined {
  try {
    const reader = new Reader(payload);
    const proofs: SignatureSet[] = [];
    const commitments = Array.from({ length: plan.definition.validators }, (_, validator) => {
      const bytes = Array.from({ length: plan.scheme.threshold }, () => reader.bytes(48));
      const points = bytes.map((each) => decodePubkey(each, 'commitment'));
      if (!plan.previous) {
        const msg = possession(plan, dealer, validator, bytes[0]!);
        proofs.push({ msg, pk: points[0]!, sig: Signature.fromBytes(reader.bytes(96), true, true) });
      }
      return points;
    });
    reader.end();
    const { previous } = plan;
    const proven = previous
      ? commitments.every((points, i) => dealsOldShare(plan, previous.keys[i]!, dealer, points))
      : verifyMultipleAggregateSignatures(proofs);
    return proven ? commitments : undefined;
  } catch {
    return undefined;
  }
}

/** New scale × constant term = old share: shown in public keys. */
function dealsOldShare(
  { scheme }: CeremonyPlan,
  key: ThresholdKey,
  dealer: ShareIndex,
  commitments: readonly PublicKey[],
): boolean {
  return samePoint(combinePubkeys([commitments[0]!], [scheme.scale]), key.sharePubkeys[dealer - 1]!);
}

/** Bound to ceremony, dealer and place, so that no proof can be used again. */
function possession({ id }: CeremonyPlan, dealer: ShareIndex, validator: number, constant: Uint8Array): Uint8Array {
  const place = new Writer().u8(dealer).u16(validator).done();
  return sha256(Buffer.from('holdfast/dkg/1/possession\n'), id, place, constant);
}

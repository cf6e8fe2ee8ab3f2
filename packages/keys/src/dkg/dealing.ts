import { aggregateWithRandomness, type PublicKey, SecretKey, verify } from '@chainsafe/blst';
import { PUBKEY_BYTES, SIGNATURE_BYTES } from '../bls/bls.ts';
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
  const inverse = inverseOfPublic(plan.scheme.scale);
  const constants = Array.from({ length: plan.definition.validators }, (_, validator) => {
    const old = oldShares?.[validator];
    return old ? combineScalars([{ scalar: old, factor: inverse }]) : randomScalar(random);
  });
  const commitments = constants.map((constant) => {
    const dealt = deal(plan.scheme, random, constant);
    for (const [i, share] of dealt.shares.entries()) shares[i]!.push(share);
    return dealt.commitments;
  });
  const out = new Writer().bytes(...commitments.flatMap((points) => points.map((point) => point.toBytes())));
  if (!plan.previous) {
    const message = possession(plan, dealer, commitments);
    out.bytes(...constants.map((constant) => SecretKey.fromBytes(constant).sign(message).toBytes()));
  }
  wipe(...constants);
  return { payload: out.done(), commitments, shares };
}

/**
 * A dealer's commitments, if its dealing is what it has to be: points of the group, each constant term proven. Anything
 * else is `undefined`, and the dealer is out: all see the same bytes and judge alike.
 */
export function checkDealing(plan: CeremonyPlan, dealer: ShareIndex, payload: Uint8Array): Commitments | undefined {
  try {
    const reader = new Reader(payload);
    const commitments = Array.from({ length: plan.definition.validators }, () =>
      Array.from({ length: plan.scheme.threshold }, () => decodePubkey(reader.bytes(PUBKEY_BYTES), 'commitment')),
    );
    const proofs = plan.previous ? [] : commitments.map(() => reader.bytes(SIGNATURE_BYTES));
    reader.end();
    const proven = plan.previous
      ? dealsOldShares(plan, plan.previous.keys, dealer, commitments)
      : possesses(plan, dealer, commitments, proofs);
    return proven ? commitments : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether each proof is a signature by its constant term. All are over one message, so they are checked together, each
 * weighed with 64 random bits: a false one passes with a probability of 2⁻⁶⁴.
 */
function possesses(
  plan: CeremonyPlan,
  dealer: ShareIndex,
  commitments: Commitments,
  proofs: readonly Uint8Array[],
): boolean {
  const { pk, sig } = aggregateWithRandomness(proofs.map((proof, i) => ({ pk: commitments[i]![0]!, sig: proof })));
  return verify(possession(plan, dealer, commitments), pk, sig);
}

/** New scale × constant term = old share, for each validator: shown in public keys. */
function dealsOldShares(
  { scheme }: CeremonyPlan,
  keys: readonly ThresholdKey[],
  dealer: ShareIndex,
  commitments: Commitments,
): boolean {
  return commitments.every((points, i) =>
    samePoint(combinePubkeys([points[0]!], [scheme.scale]), keys[i]!.sharePubkeys[dealer - 1]!),
  );
}

/**
 * What every constant term of a dealing signs: the ceremony, the dealer, and all these constant terms. So no proof can be
 * used again, not even by the same dealer in another place.
 */
function possession({ id }: CeremonyPlan, dealer: ShareIndex, commitments: Commitments): Uint8Array {
  const constants = commitments.map((points) => points[0]!.toBytes());
  return sha256(Buffer.from('holdfast/dkg/1/possession\n'), id, Uint8Array.of(dealer), ...constants);
}

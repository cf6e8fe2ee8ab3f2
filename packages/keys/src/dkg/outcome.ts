import { aggregatePublicKeys, type PublicKey } from '@chainsafe/blst';
import { ThresholdError } from '../threshold/errors.ts';
import type { ThresholdKey } from '../threshold/key.ts';
import { combinePubkeys, evaluateCommitments, isInfinity, samePoint } from '../threshold/points.ts';
import { combineScalars, type Scalar } from '../threshold/scalar.ts';
import { recoveryFactors, type ShareIndex } from '../threshold/scheme.ts';
import { groupPubkeyOf } from '../threshold/split.ts';
import type { Commitments } from './dealing.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

/** The dealings that count, and the factor of each: all with 1, or t old shares with their recovery factors. */
export interface Qualified {
  readonly parties: readonly Party[];
  readonly factors: readonly bigint[];
}

/** A resharing takes the first t of the dealers that are good, by number: all nodes choose alike. */
export function qualify(plan: CeremonyPlan, good: readonly Party[]): Qualified {
  const byIndex = [...good].sort((a, b) => plan.dealers.get(a)! - plan.dealers.get(b)!);
  if (!plan.previous) return { parties: byIndex, factors: byIndex.map(() => 1n) };
  const parties = byIndex.slice(0, plan.dealersMin);
  const indices: ShareIndex[] = parties.map((party) => plan.dealers.get(party)!);
  return { parties, factors: recoveryFactors(plan.previous.scheme, indices) };
}

/**
 * The shared keys that the qualified dealings add up to.
 *
 * @throws THRESHOLD_PUBKEY where dealings cancel out; THRESHOLD_KEY_MISMATCH where a resharing would change a validator
 */
export function keysOf(
  plan: CeremonyPlan,
  { parties, factors }: Qualified,
  commitments: ReadonlyMap<Party, Commitments>,
): ThresholdKey[] {
  const dealt = parties.map((party) => commitments.get(party)!);
  return Array.from({ length: plan.definition.validators }, (_, validator) => {
    const sum = Array.from({ length: plan.scheme.threshold }, (_, k) =>
      combined(
        dealt.map((each) => each[validator]![k]!),
        factors,
      ),
    );
    const group = groupPubkeyOf(plan.scheme, sum);
    const old = plan.previous?.keys[validator];
    if (old && !samePoint(old.groupPubkey, group))
      throw new ThresholdError('THRESHOLD_KEY_MISMATCH', 'a resharing would change a validator’s key', {
        data: { validator },
      });
    if (isInfinity(group))
      throw new ThresholdError('THRESHOLD_PUBKEY', 'the dealings cancel out', { data: { validator } });
    const sharePubkeys = Array.from({ length: plan.scheme.nodes }, (_, i) => evaluateCommitments(sum, i + 1));
    return { scheme: plan.scheme, groupPubkey: group, sharePubkeys };
  });
}

function combined(points: PublicKey[], factors: readonly bigint[]): PublicKey {
  return factors.every((factor) => factor === 1n) ? aggregatePublicKeys(points) : combinePubkeys(points, factors);
}

/** One node's shares of all validators, from what the qualified dealers gave it. */
export function sharesOf(
  plan: CeremonyPlan,
  { parties, factors }: Qualified,
  received: ReadonlyMap<Party, readonly Scalar[]>,
): Scalar[] {
  const dealt = parties.map((party) => received.get(party)!);
  return Array.from({ length: plan.definition.validators }, (_, validator) =>
    combineScalars(dealt.map((each, i) => ({ scalar: each[validator]!, factor: factors[i]! }))),
  );
}

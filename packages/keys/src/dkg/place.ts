import type { Hex } from '@holdfast/units';
import { ThresholdError } from '../threshold/errors.ts';
import { samePoint } from '../threshold/points.ts';
import { isScalar, type Scalar } from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import { pubkeyOf } from '../threshold/split.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan, PreviousCluster } from './plan.ts';

/**
 * The number of a node in a ceremony, if it has what its place needs.
 *
 * @throws THRESHOLD_PLAN, THRESHOLD_OLD_SHARE
 */
export function placeOf(plan: CeremonyPlan, identity: Hex, oldShares: readonly Scalar[] | undefined): Party {
  const party = plan.identities.indexOf(identity) + 1;
  const dealer = plan.dealers.get(party);
  const needsOld = plan.previous !== undefined && dealer !== undefined;
  if (party === 0 || needsOld !== (oldShares?.length === plan.definition.validators)) {
    throw new ThresholdError('THRESHOLD_PLAN', 'this node cannot take part in the ceremony', {
      data: { identity, party, oldShares: oldShares?.length },
      fix: 'Check that the definition names this node’s identity, and give its old shares in a resharing and only there',
    });
  }
  if (plan.previous && dealer !== undefined && oldShares) checkOldShares(plan.previous, dealer, oldShares);
  return party;
}

/** A node that dealt what is not its share would be put out by the others; better to hear it before. */
function checkOldShares({ keys }: PreviousCluster, index: ShareIndex, shares: readonly Scalar[]): void {
  const wrong = shares.findIndex(
    (share, i) => !isScalar(share) || !samePoint(pubkeyOf(share), keys[i]!.sharePubkeys[index - 1]!),
  );
  if (wrong < 0) return;
  throw new ThresholdError('THRESHOLD_OLD_SHARE', 'a share is not the one that the previous lock names for this node', {
    data: { validator: wrong, share: index },
    fix: 'Load the shares of the cluster that is re-dealt, in the order of its lock’s validators',
  });
}

import type { Hex } from '@holdfast/units';
import { ThresholdError } from '../threshold/errors.ts';
import type { Scalar } from '../threshold/scalar.ts';
import { checkShares } from '../threshold/split.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

/**
 * The number of a node in a ceremony, if it has what its place needs.
 *
 * @throws THRESHOLD_PLAN, THRESHOLD_WRONG_SHARE
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
  // A node that dealt what is not its share would be put out by the others; better to hear it before.
  if (plan.previous && dealer !== undefined && oldShares) checkShares(plan.previous.keys, dealer, oldShares);
  return party;
}

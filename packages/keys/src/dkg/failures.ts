import { ThresholdError } from '../threshold/errors.ts';
import type { Fault } from './faults.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

const FIX = 'No key was made. Begin again with a new nonce, without the parties named or after mending them';

export function tooFewDealers(plan: CeremonyPlan, good: readonly Party[], faults: readonly Fault[]): ThresholdError {
  return new ThresholdError('THRESHOLD_TOO_FEW_DEALERS', 'too few honest dealers are left', {
    data: { good, needed: plan.dealersMin, faults: blamed(faults) },
    fix: FIX,
  });
}

export function notConfirmed(plan: CeremonyPlan, agreeing: readonly Party[], faults: readonly Fault[]): ThresholdError {
  return new ThresholdError('THRESHOLD_NOT_CONFIRMED', 'too few nodes saw the same ceremony as this one', {
    data: { agreeing, needed: plan.scheme.threshold, faults: blamed(faults) },
    fix: FIX,
  });
}

export function notSigned(plan: CeremonyPlan, faults: readonly Fault[]): ThresholdError {
  return new ThresholdError('THRESHOLD_NOT_SIGNED', 'too few nodes gave good signatures for the deposits', {
    data: { needed: plan.scheme.threshold, faults: blamed(faults) },
    fix: FIX,
  });
}

export function notSealed(plan: CeremonyPlan, faults: readonly Fault[]): ThresholdError {
  return new ThresholdError('THRESHOLD_NOT_SEALED', 'too few nodes signed the lock', {
    data: { needed: plan.scheme.threshold, faults: blamed(faults) },
    fix: FIX,
  });
}

function blamed(faults: readonly Fault[]): string[] {
  return faults.map(({ party, reason }) => `${party}: ${reason}`);
}

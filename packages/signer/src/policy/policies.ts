import type { Pubkey } from '@holdfast/units';
import type { Policy } from '../service.ts';

/** Nothing is refused but by slashing protection: for keys that belong to no pool. */
export const allowAll: Policy = { check() {} };

/** Every one of the policies must agree. */
export const allOf = (...policies: readonly Policy[]): Policy => ({
  check(request, context) {
    for (const policy of policies) policy.check(request, context);
  },
});

/** Each key under its own policy, e.g. a pool's keys beside an operator's own. */
export const perKey = (policyOf: (pubkey: Pubkey) => Policy): Policy => ({
  check(request, context) {
    policyOf(context.pubkey).check(request, context);
  },
});

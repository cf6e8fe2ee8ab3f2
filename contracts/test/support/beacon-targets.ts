import { anchorHeaderTarget, anchorTarget, hopTarget } from './beacon-anchor-targets.ts';
import {
  balancesTarget,
  openingTarget,
  pendingTarget,
  underTarget,
  validatorTarget,
  withdrawalTarget,
} from './beacon-field-targets.ts';
import { type Fixture, FULU_SLOT, GLOAS_SLOT } from './beacon-fixture.ts';
import type { Args, Target } from './mutations.ts';
import type { Random } from './random.ts';

/** Every proof that the library takes, from the state at `slot`, with all ways to alter it. */
export async function beaconTargets(fixture: Fixture, slot: number, random: Random): Promise<Target<Args>[]> {
  const state = fixture.state(slot);
  const layout = fixture.layoutAt(slot);
  const other = slot === FULU_SLOT ? GLOAS_SLOT : FULU_SLOT;
  const foreign = { state: fixture.state(other), layout: fixture.layoutAt(other) };
  const targets = [
    await anchorTarget(fixture, slot, other),
    await anchorHeaderTarget(fixture, slot, other),
    hopTarget(fixture, slot, false),
    hopTarget(fixture, slot, true),
    validatorTarget(state, layout, foreign, random),
    balancesTarget(state, layout, foreign, random),
    openingTarget(state, layout, foreign),
    underTarget(state, layout, random),
    pendingTarget(state, layout, foreign, random),
    withdrawalTarget(state, fixture.beacon.withdrawals.get(slot)!, layout, foreign),
  ];
  return targets.map((target) => ({ ...target, name: `${state.fork} ${target.name}` }));
}

import type { Action } from './action.ts';
import { type CheckpointPlan, planCheckpoint } from './duties/checkpoint.ts';
import { decideExits } from './duties/exits.ts';
import { decideFunding } from './duties/funding.ts';
import { decideMaintenance } from './duties/maintenance.ts';
import { decideProofs } from './duties/proofs.ts';
import { decideSettlements, decideSlashings } from './duties/slashings.ts';
import { decideWithdrawals } from './duties/withdrawals.ts';
import type { Observation } from './observation.ts';

/**
 * What to do now, in the order in which to do it. A function of the observation alone: the chain is the memory, so a
 * keeper that restarts, or a second one beside it, comes to the same answer.
 *
 * No two actions of one answer hinder each other when they land in one block in this order. An action on its way, or
 * resting after a failure, is left out, and never keeps another duty from going on.
 */
export function decide(observation: Observation): Action[] {
  const free = (candidate: Action): boolean =>
    !observation.inFlight.has(candidate.key) && !observation.resting.has(candidate.key);
  const checkpoint: CheckpointPlan = planCheckpoint(observation);
  return [
    ...decideSlashings(observation),
    ...decideExits(observation),
    // After the exits: the last settlement thaws the operator, whom nobody may ask to leave any more.
    ...decideSettlements(observation),
    ...decideProofs(observation),
    ...decideWithdrawals(observation),
    // In the block of a start nothing may be funded: the slot could not tell before from after.
    ...(checkpoint.startsNow ? [] : decideFunding(observation)),
    ...checkpoint.actions,
    ...decideMaintenance(observation),
  ].filter(free);
}

import { type Party, PHASES, type Phase } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';
import type { Stage } from './types.ts';

/** Those that will hold shares: the nodes of the new cluster. */
export function holdersOf({ scheme }: CeremonyPlan): Party[] {
  return Array.from({ length: scheme.nodes }, (_, i) => i + 1);
}

/** The number of a stage's first round, counted over the whole ceremony: a stage that is left out keeps its place. */
export function firstRoundOf({ broadcastRounds, rounds }: CeremonyPlan, stage: Exclude<Stage, 'over'>): number {
  if (stage === 'confirm') return rounds - 2;
  return stage === 'seal' ? rounds - 1 : PHASES.indexOf(stage) * broadcastRounds;
}

/** Who has something to say in a round of a broadcast: some open it, all echo. */
export function speakersOf(
  plan: CeremonyPlan,
  phase: Phase,
  round: number,
  accused: readonly Party[],
): Iterable<Party> {
  if (round !== firstRoundOf(plan, phase)) return plan.identities.map((_, i) => i + 1);
  if (phase === 'deal') return plan.dealers.keys();
  return phase === 'complain' ? holdersOf(plan) : accused;
}

/** An honest node says three words, echoes in each round, asks and answers for two values of each party and phase. */
export function messagesMaxOf({ rounds, identities }: CeremonyPlan): number {
  return 8 + PHASES.length * (rounds + 4 * identities.length);
}

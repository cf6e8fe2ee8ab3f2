import { Machine } from '../Machine.ts';
import type { AdversaryKind } from '../plan.ts';
import type { Host, World } from '../world.ts';
import { ConflictingJustifier } from './ConflictingJustifier.ts';
import { Equivocator } from './Equivocator.ts';
import { Forger } from './Forger.ts';
import { Dead, SelectiveSender, SilentLeader } from './quiet.ts';
import { Replayer } from './Replayer.ts';
import { Twins } from './Twins.ts';

const TRAITORS: Readonly<Record<AdversaryKind, new (world: World, index: number) => Host>> = {
  dead: Dead,
  silentLeader: SilentLeader,
  selectiveSender: SelectiveSender,
  equivocator: Equivocator,
  replayer: Replayer,
  conflictingJustifier: ConflictingJustifier,
  forger: Forger,
  twins: Twins,
};

/** What sits at a node's place: an honest machine, or the traitor of the plan. */
export function hostOf(world: World, index: number): Host {
  const kind = world.plan.adversaries.get(index);
  if (kind !== undefined) return new TRAITORS[kind](world, index);
  return new Machine(world, index, { honest: true, say: (to, envelope) => world.send(index, to, envelope) });
}

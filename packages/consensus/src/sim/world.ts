import type { Root } from '@holdfast/units';
import type { Rules } from '../machine/rules.ts';
import type { Authenticator, Envelope } from '../message.ts';
import type { Plan } from './plan.ts';
import type { Random } from './Random.ts';
import type { Timeline } from './Timeline.ts';
import type { Witness } from './Witness.ts';

/** Whatever sits at a node's place in the network. */
export interface Host {
  readonly index: number;
  /** The slot of an instance begins, by this node's clock. */
  begin(which: number): void;
  deliver(from: number, envelope: Envelope): void;
  reconnected(to: number): void;
  suspect(nodes: readonly number[]): void;
  heal(): void;
  /** Dies after so many more effects, and comes back with its disk. Traitors do not crash. */
  crashAfter?(effects: number, forMs: number): void;
}

/** What hosts see of the simulation. */
export interface World {
  readonly plan: Plan;
  readonly lockHash: Root;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly rules: Rules;
  /** One for each node; a host uses its own, and all to verify. */
  readonly authenticators: readonly Authenticator[];
  readonly witness: Witness;
  readonly counts: { messages: number; crashes: number; fingerprint: number };
  isHonest(node: number): boolean;
  send(from: number, to: readonly number[], envelope: Envelope): void;
  /** A node came back: everyone connects to it anew. */
  reconnect(node: number): void;
  log(line: () => string): void;
}

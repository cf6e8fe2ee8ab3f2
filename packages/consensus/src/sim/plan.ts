import { slot } from '@holdfast/units';
import type { DutyType } from '../cluster/duties.ts';
import { leaderOf } from '../cluster/leader.ts';
import { faultyMax } from '../cluster/quorum.ts';
import { type InstanceId, MESSAGE_TYPES, type MessageType } from '../message.ts';
import { Random } from './Random.ts';

/**
 * Who breaks the rules, up to f of them:
 * - `dead`: never says a word.
 * - `silentLeader`: follows, but proposes nothing.
 * - `selectiveSender`: sends to some peers only.
 * - `equivocator`: proposes one value to some and another to the rest, and votes for everything it hears of.
 * - `replayer`: sends what it heard once more, in its own name, to others and in other instances.
 * - `conflictingJustifier`: proposes, prepares and decides by justifications that do not justify.
 * - `forger`: speaks in the names of others.
 * - `twins`: one identity on two machines, each honest by itself.
 */
export const ADVERSARIES = [
  'dead',
  'silentLeader',
  'selectiveSender',
  'equivocator',
  'replayer',
  'conflictingJustifier',
  'forger',
  'twins',
] as const;
export type AdversaryKind = (typeof ADVERSARIES)[number];

export interface PlanOptions {
  readonly seed: number;
  /** How many nodes; drawn from 4 to 7, and now and then 10, when left out. */
  readonly nodes?: number | undefined;
  /** Which adversaries, one node each; drawn when left out. */
  readonly adversaries?: readonly AdversaryKind[] | undefined;
}

/** A partition: nodes hear only those with the same number. */
export interface Partition {
  readonly from: number;
  readonly to: number;
  readonly side: readonly number[];
}

/** A fault of the network that picks: messages of one type and round, to some nodes, are lost until it heals. */
export interface Blackout {
  readonly type: MessageType;
  readonly round: number;
  readonly to: readonly number[];
}

export interface Crash {
  readonly node: number;
  readonly at: number;
  readonly forMs: number;
  /** So many effects after `at` the node dies, in the middle of a step maybe. */
  readonly afterEffects: number;
}

/** Everything that is decided before a schedule begins. Times are in milliseconds of virtual time. */
export interface Plan {
  readonly seed: number;
  readonly nodes: number;
  readonly adversaries: ReadonlyMap<number, AdversaryKind>;
  readonly instances: readonly { readonly instance: InstanceId; readonly slotStart: number }[];
  readonly delay: { readonly low: number; readonly high: number };
  readonly dropRate: number;
  readonly duplicateRate: number;
  readonly partitions: readonly Partition[];
  readonly blackouts: readonly Blackout[];
  readonly crashes: readonly Crash[];
  readonly skews: readonly number[];
  /** When each node begins, after its own start of the slot. */
  readonly lateness: readonly number[];
  /** When each node's own value is there, after it began; 0 for at once. */
  readonly valueLateness: readonly number[];
  /** How often a node refuses a fit value until the network heals. */
  readonly refusalRate: number;
  /** How often a node believes that some peer is dead, rightly or not. */
  readonly suspicionRate: number;
  /** Timers fire up to so much too early. */
  readonly hasteMs: number;
  /** Whether every message goes through the codec. */
  readonly onTheWire: boolean;
  /** From here on nothing is lost, delays are short, all honest nodes are up. */
  readonly healAt: number;
}

const DUTIES: readonly DutyType[] = ['proposer', 'attester', 'syncMessage'];
const NODES = [4, 4, 4, 4, 5, 6, 7, 7, 10];

/** The plan of a seed. The same options give the same plan. */
export function planOf({ seed, nodes, adversaries }: PlanOptions): Plan {
  const random = new Random(seed);
  const n = nodes ?? random.pick(NODES);
  const calm = random.chance(0.15);
  const healAt = calm ? 0 : random.between(500, random.pick([3000, 8000, 20_000]));
  const high = calm ? 40 : random.pick([20, 100, 400, 1500]);
  const duty = random.pick(DUTIES);
  const gap = random.pick([0, 300, 2000]);
  const drawn = adversaries ?? Array.from({ length: random.between(0, faultyMax(n)) }, () => random.pick(ADVERSARIES));
  const instances = [0, 1].map((index) => ({
    instance: { duty, slot: slot(100 + index) },
    slotStart: 500 + index * gap,
  }));
  const each = <T>(draw: () => T): T[] => Array.from({ length: n }, draw);
  const skewMax = calm ? 20 : random.pick([0, 50, 500]);
  const lateMax = calm ? 50 : random.pick([0, 200, 3000]);
  return {
    seed,
    nodes: n,
    adversaries: placed(random, drawn, n, instances[0]!.instance),
    instances,
    delay: { low: random.between(1, 5), high },
    dropRate: calm ? 0 : random.pick([0, 0, 0.05, 0.3]),
    duplicateRate: random.pick([0, 0, 0.1]),
    partitions: calm ? [] : partitionsOf(random, n, healAt),
    blackouts: calm ? [] : blackoutsOf(random, n),
    crashes: calm ? [] : crashesOf(random, n, healAt),
    skews: each(() => random.between(-skewMax, skewMax)),
    lateness: each(() => random.between(0, lateMax)),
    valueLateness: each(() => (random.chance(0.2) ? random.between(1, 1000) : 0)),
    refusalRate: calm ? 0 : random.pick([0, 0, 0.1]),
    suspicionRate: random.pick([0, 0, 0.3]),
    hasteMs: random.pick([0, 0, 200]),
    onTheWire: random.chance(0.1),
    healAt,
  };
}

/** Traitors at any place, and often where they lead an early round: there they can do most harm. */
function placed(
  random: Random,
  kinds: readonly AdversaryKind[],
  n: number,
  first: InstanceId,
): Map<number, AdversaryKind> {
  const places = random.shuffled(Array.from({ length: n }, (_, node) => node));
  const early = leaderOf(first, random.between(1, 3), n);
  const order = random.chance(0.6) ? [early, ...places.filter((node) => node !== early)] : places;
  return new Map(kinds.map((kind, index) => [order[index]!, kind]));
}

function blackoutsOf(random: Random, n: number): Blackout[] {
  const nodes = Array.from({ length: n }, (_, node) => node);
  const round = random.between(1, 3);
  // One node alone learns of a decision and cannot tell: what the next leaders do must agree with it all the same.
  if (random.chance(0.4)) {
    const hermit = random.between(0, n - 1);
    return [
      { type: 'COMMIT', round, to: nodes.filter((node) => node !== hermit) },
      { type: 'DECIDED', round, to: nodes },
    ];
  }
  return Array.from({ length: random.pick([0, 0, 1, 2, 3]) }, () => ({
    type: random.pick([...MESSAGE_TYPES, 'COMMIT', 'COMMIT', 'DECIDED']),
    round: random.between(1, 3),
    to: random.shuffled(nodes).slice(0, random.between(1, n)),
  }));
}

function partitionsOf(random: Random, n: number, healAt: number): Partition[] {
  return Array.from({ length: random.pick([0, 0, 1, 2]) }, () => {
    const from = random.between(0, healAt);
    const sides = random.pick([2, 2, 3]);
    return { from, to: random.between(from, healAt), side: Array.from({ length: n }, () => random.between(1, sides)) };
  });
}

function crashesOf(random: Random, n: number, healAt: number): Crash[] {
  return Array.from({ length: random.pick([0, 0, 1, 2, 4]) }, () => ({
    node: random.between(0, n - 1),
    at: random.between(0, healAt),
    forMs: random.pick([1, 50, 1000, 5000]),
    afterEffects: random.between(0, 8),
  }));
}

import type { Root } from '@holdfast/units';
import { quorumOf } from '../cluster/quorum.ts';
import { RULES } from '../machine/rules.ts';
import type { Envelope } from '../message.ts';
import { hostOf } from './adversaries/hosts.ts';
import { macAuthenticator } from './mac.ts';
import { MUTANTS, type MutantName } from './mutants.ts';
import { Network } from './Network.ts';
import { type Plan, type PlanOptions, planOf } from './plan.ts';
import { Random } from './Random.ts';
import type { SimReport } from './report.ts';
import { Timeline } from './Timeline.ts';
import { describe, Witness } from './Witness.ts';
import type { Host, World } from './world.ts';

export interface SimulateOptions extends PlanOptions {
  /** Takes one safeguard away, to see that it is missed. */
  readonly mutant?: MutantName | undefined;
  /** Keeps a line for each thing that happens. Default false. */
  readonly trace?: boolean | undefined;
}

const LOCK_HASH = `0x${'5e'.repeat(32)}` as Root;
/** Rounds double, so the time to recover grows with the time until the network healed. */
const PATIENCE_MS = 3_600_000;
const EVENTS_MAX = 300_000;
/** How long it goes on when all have decided: for what is still under way to do harm, and for traitors to be named. */
const AFTERMATH_MS = 1000;
const RECONNECT_MS = 20;

/** Plays one schedule to its end. The same options give the same report, trace and all. */
export function simulate(options: SimulateOptions): SimReport {
  const plan = planOf(options);
  const timeline = new Timeline();
  const lines: string[] = [];
  const authenticators = Array.from({ length: plan.nodes }, (_, node) => macAuthenticator(node, plan.seed));
  const isHonest = (node: number) => !plan.adversaries.has(node);
  const witness = new Witness(isHonest, authenticators[0]!.verify);
  const random = new Random(plan.seed ^ 0x5bd1e995);
  const hosts: Host[] = [];
  const network = new Network(plan, timeline, random, (from, to, envelope) => {
    deliver(world, hosts[to]!, from, envelope);
  });
  const world: World = {
    plan,
    lockHash: LOCK_HASH,
    timeline,
    random,
    rules: options.mutant ? MUTANTS[options.mutant].rules : RULES,
    authenticators,
    witness,
    counts: { messages: 0, crashes: 0, fingerprint: plan.seed },
    isHonest,
    send: (from, to, envelope) => network.send(from, to, envelope),
    reconnect: (node) => {
      timeline.at(timeline.now + RECONNECT_MS, () => {
        for (const host of hosts) if (host.index !== node) host.reconnected(node);
      });
    },
    log: (line) => {
      if (options.trace) lines.push(`${String(timeline.now).padStart(7)} ms  ${line()}`);
    },
  };
  for (let index = 0; index < plan.nodes; index += 1) hosts.push(hostOf(world, index));
  schedule(world, hosts);
  run(world, plan);
  witness.finish();
  return reportOf(world, lines);
}

function deliver(world: World, host: Host, from: number, envelope: Envelope): void {
  const { counts, timeline } = world;
  const { message } = envelope;
  counts.messages += 1;
  const mixed = (counts.fingerprint ^ (timeline.now * 31 + from * 7 + host.index)) + message.round * 131;
  counts.fingerprint = Math.imul(mixed ^ message.signature[0]!, 0x01000193) >>> 0;
  world.log(() => `${from} → ${host.index}  ${envelope.instance.slot}: ${describe(message)}`);
  host.deliver(from, envelope);
}

function schedule({ plan, timeline, log, isHonest }: World, hosts: readonly Host[]): void {
  for (const [which, { slotStart }] of plan.instances.entries()) {
    for (const host of hosts) {
      const { index } = host;
      timeline.at(slotStart + plan.skews[index]! + plan.lateness[index]!, () => host.begin(which));
    }
  }
  for (const { node, at, forMs, afterEffects } of plan.crashes) {
    if (isHonest(node)) timeline.at(at, () => hosts[node]!.crashAfter?.(afterEffects, forMs));
  }
  timeline.at(plan.healAt, () => {
    log(() => 'the network heals');
    for (const host of hosts) host.heal();
    for (const host of hosts) {
      host.suspect([]);
      for (const peer of hosts) if (peer !== host) host.reconnected(peer.index);
    }
  });
}

function run({ plan, timeline, witness, isHonest }: World, { healAt }: Plan): void {
  const honest = Array.from({ length: plan.nodes }, (_, node) => node).filter(isHonest);
  const pending = () =>
    plan.instances.flatMap(({ instance }) =>
      honest.filter((node) => !witness.hasDecided(node, instance)).map((node) => `node ${node}, slot ${instance.slot}`),
    );
  const end = healAt + PATIENCE_MS;
  const all = honest.length * plan.instances.length;
  let doneAt: number | undefined;
  while (timeline.ran < EVENTS_MAX) {
    if (witness.decisions === all) {
      doneAt ??= timeline.now;
      if (timeline.now > Math.max(healAt, doneAt) + AFTERMATH_MS) return;
    }
    if (!timeline.step(end)) break;
  }
  const left = pending();
  if (left.length > 0 && honest.length >= quorumOf(plan.nodes))
    witness.violated('liveness', `undecided after ${timeline.now} ms: ${left.join('; ')}`);
}

function reportOf({ plan, witness, counts, timeline }: World, trace: readonly string[]): SimReport {
  return {
    seed: plan.seed,
    nodes: plan.nodes,
    adversaries: [...plan.adversaries].map(([node, kind]) => ({ node, kind })),
    violations: witness.violations,
    accused: [...witness.accused].sort((a, b) => a - b),
    decisions: witness.decisions,
    roundMax: witness.roundMax,
    messages: counts.messages,
    crashes: counts.crashes,
    virtualMs: timeline.now,
    fingerprint: counts.fingerprint,
    trace,
  };
}

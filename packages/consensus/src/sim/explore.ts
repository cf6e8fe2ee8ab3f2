import type { SimReport, Violation } from './report.ts';
import { type SimulateOptions, simulate } from './simulate.ts';

export interface ExploreOptions extends Omit<SimulateOptions, 'trace'> {
  /** How many schedules, of the seeds from `seed` on. */
  readonly runs: number;
}

/** A schedule that broke something, and how to see it again. */
export interface Failure {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** A command that plays exactly this schedule, with a trace. */
  readonly replay: string;
}

/** What has come of the schedules so far. */
export interface Exploration {
  readonly firstSeed: number;
  readonly runs: number;
  readonly failed: number;
  /** The first `FAILURES_MAX` of those that failed. */
  readonly failures: readonly Failure[];
  readonly messages: number;
  readonly decisions: number;
  readonly crashes: number;
  /** Schedules in which evidence named somebody. */
  readonly withAccused: number;
  readonly roundMax: number;
  /** A number over all schedules: the same for the same options. */
  readonly fingerprint: number;
}

export const FAILURES_MAX = 10;

/** Plays schedule after schedule and tells after each how things stand, so that the caller can show it, or stop. */
export function* explore(options: ExploreOptions): Generator<Exploration, void> {
  let sum: Exploration = {
    firstSeed: options.seed,
    runs: 0,
    failed: 0,
    failures: [],
    messages: 0,
    decisions: 0,
    crashes: 0,
    withAccused: 0,
    roundMax: 0,
    fingerprint: 0,
  };
  for (let run = 0; run < options.runs; run += 1) {
    const schedule = { ...options, seed: options.seed + run };
    sum = added(sum, simulate(schedule), schedule);
    yield sum;
  }
}

/** Plays all schedules and gives the sum. */
export function exploreAll(options: ExploreOptions): Exploration {
  let last: Exploration | undefined;
  for (const sum of explore(options)) last = sum;
  if (last === undefined) throw new RangeError(`there is nothing to explore in ${options.runs} runs`);
  return last;
}

/** The command that plays one schedule again. What was drawn from the seed stays drawn from it. */
export function replayCommand({ seed, nodes, adversaries, mutant }: SimulateOptions): string {
  const parts = [`holdfast sim consensus --seed ${seed} --runs 1`];
  if (nodes !== undefined) parts.push(`--nodes ${nodes}`);
  if (adversaries !== undefined) parts.push(`--adversary ${adversaries.length > 0 ? adversaries.join(',') : 'none'}`);
  if (mutant !== undefined) parts.push(`--mutant ${mutant}`);
  return [...parts, '--trace'].join(' ');
}

function added(sum: Exploration, report: SimReport, options: SimulateOptions): Exploration {
  const hasFailed = report.violations.length > 0;
  const failure = { seed: report.seed, violations: report.violations, replay: replayCommand(options) };
  return {
    ...sum,
    runs: sum.runs + 1,
    failed: sum.failed + (hasFailed ? 1 : 0),
    failures: hasFailed && sum.failures.length < FAILURES_MAX ? [...sum.failures, failure] : sum.failures,
    messages: sum.messages + report.messages,
    decisions: sum.decisions + report.decisions,
    crashes: sum.crashes + report.crashes,
    withAccused: sum.withAccused + (report.accused.length > 0 ? 1 : 0),
    roundMax: Math.max(sum.roundMax, report.roundMax),
    fingerprint: (Math.imul(sum.fingerprint, 31) + report.fingerprint) >>> 0,
  };
}

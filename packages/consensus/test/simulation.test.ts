import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ADVERSARIES,
  type AdversaryKind,
  type CheckName,
  type Exploration,
  type ExploreOptions,
  explore,
  exploreAll,
  MUTANT_NAMES,
  type MutantName,
  simulate,
} from '../src/index.ts';

const isDeep = process.env.HOLDFAST_DEEP === '1';
const SCHEDULES = isDeep ? 100_000 : 2000;
const FIRST_SEED = 1;

describe('the simulator', () => {
  it(`finds nothing in ${SCHEDULES} schedules of the true machine`, { timeout: 3_600_000 }, async () => {
    const sum = await explored({ seed: FIRST_SEED, runs: SCHEDULES });
    console.log(`simulated seeds ${FIRST_SEED}…${FIRST_SEED + SCHEDULES - 1}: ${told(sum)}`);
    expect(sum.failures).toEqual([]);
    // It has looked at something: traitors were named, nodes crashed, rounds were changed.
    expect(sum.withAccused).toBeGreaterThan(SCHEDULES / 50);
    expect(sum.crashes).toBeGreaterThan(SCHEDULES / 10);
    expect(sum.roundMax).toBeGreaterThan(4);
  });

  it.each(ADVERSARIES)('finds nothing with f of n = 7 being %s', { timeout: 600_000 }, async (kind) => {
    const seed = 500_000;
    const sum = await explored({ seed, runs: isDeep ? 2000 : 40, nodes: 7, adversaries: [kind, kind] });
    console.log(`simulated two ${kind} from seed ${seed}: ${told(sum)}`);
    expect(sum.failures).toEqual([]);
  });

  it('plays the same schedule for the same seed, trace and all', () => {
    for (const seed of [3, 17, 2024]) {
      const first = simulate({ seed, trace: true });
      expect(simulate({ seed, trace: true })).toEqual(first);
      expect(simulate({ seed }).fingerprint).toBe(first.fingerprint);
      expect(simulate({ seed: seed + 1 }).fingerprint).not.toBe(first.fingerprint);
    }
  });

  it('names twins and equivocators, and nobody else', () => {
    const named = (kind: AdversaryKind) =>
      exploreAll({ seed: 700_000, runs: 60, nodes: 4, adversaries: [kind] }).withAccused;
    expect(named('equivocator')).toBeGreaterThan(30);
    expect(named('twins')).toBeGreaterThan(15);
    expect(named('selectiveSender')).toBe(0);
    expect(named('silentLeader')).toBe(0);
  });
});

/** Where each mutant shows itself best, how many seeds it may take, and what must be seen broken. */
const HUNTS: Readonly<Record<MutantName, readonly [kinds: readonly AdversaryKind[], runs: number, check: CheckName]>> =
  {
    quorumOneSmaller: [['twins'], 100, 'agreement'],
    unjustifiedProposals: [['conflictingJustifier'], 400, 'agreement'],
    preparedIgnored: [[], 400, 'agreement'],
    preparedUntold: [[], 400, 'conflict'],
    persistSkipped: [[], 100, 'conflict'],
    votesCountedTwice: [['conflictingJustifier'], 100, 'validity'],
    signaturesUnchecked: [['forger'], 100, 'validity'],
    instanceUnbound: [['replayer'], 100, 'validity'],
    quotesUncompared: [['equivocator'], 200, 'accountability'],
    roundsNeverLeft: [['silentLeader'], 50, 'liveness'],
  };

describe('a machine without one of its safeguards is caught', () => {
  it.each(MUTANT_NAMES)('%s', (mutant) => {
    const [adversaries, runs, check] = HUNTS[mutant];
    const options = { nodes: 4, adversaries, runs, seed: 1 };
    const seed = firstSeedOf(check, { ...options, mutant });
    console.log(`${mutant} breaks ${check} at seed ${seed}`);
    expect(seed, `${mutant} was not seen to break ${check} in ${runs} schedules`).toBeDefined();
    // The very schedule is harmless to the true machine.
    expect(simulate({ nodes: 4, adversaries, seed: seed! }).violations).toEqual([]);
  });
});

/** Everything that is to be explored; the test runner is let in now and then. */
async function explored(options: ExploreOptions): Promise<Exploration> {
  let last: Exploration | undefined;
  for (const sum of explore(options)) {
    last = sum;
    if (sum.runs % 200 === 0) await setImmediate();
  }
  return last!;
}

function firstSeedOf(
  check: CheckName,
  options: { seed: number; runs: number; nodes: number; adversaries: readonly AdversaryKind[]; mutant: MutantName },
): number | undefined {
  for (let seed = options.seed; seed < options.seed + options.runs; seed += 1) {
    if (simulate({ ...options, seed }).violations.some((violation) => violation.check === check)) return seed;
  }
  return undefined;
}

function told({ runs, failed, messages, decisions, crashes, withAccused, roundMax, fingerprint }: Exploration): string {
  return `${runs} schedules, ${failed} failed, ${decisions} decisions up to round ${roundMax}, ${messages} messages, ${crashes} crashes, traitors named in ${withAccused}, fingerprint ${fingerprint}`;
}

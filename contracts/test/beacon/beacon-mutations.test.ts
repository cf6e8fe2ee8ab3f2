import { type Abi, encodeFunctionData } from 'viem';
import { beforeAll, describe, expect, test } from 'vitest';
import { beaconFixture, type Fixture, FULU_SLOT, GLOAS_SLOT } from '../support/beacon-fixture.ts';
import { beaconTargets } from '../support/beacon-targets.ts';
import { errorNames, type Mutant, mutantsOf } from '../support/mutations.ts';
import { seeded } from '../support/random.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 20_261_121);
const MUTANTS_PER_TARGET = Number(process.env.HOLDFAST_MUTANTS ?? 540);
/** Proofs in one `eth_call`, and the gas each may burn: several times what a valid one needs. */
const BATCH = 50;
const GAS_EACH = 1_000_000n;

describe(`mutated proofs (seed ${SEED})`, () => {
  const random = seeded(SEED);
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await beaconFixture(random);
  });

  test('none is accepted, and each is refused by its own error', async () => {
    const { abi } = fixture.harness;
    const names = errorNames(abi, fixture.forkLayouts.abi);
    const targets = [
      ...(await beaconTargets(fixture, FULU_SLOT, random)),
      ...(await beaconTargets(fixture, GLOAS_SLOT, random)),
    ];
    const seen = new Map<string, Map<string, number>>();
    const wrong: string[] = [];
    let total = 0;
    for (const target of targets) {
      expect(await acceptedSamples(fixture, abi, target), target.name).toBe(true);
      const mutants = mutantsOf(abi, target, random, MUTANTS_PER_TARGET);
      const ends = await outcomes(
        fixture,
        mutants.map(({ data }) => data),
      );
      total += mutants.length;
      mutants.forEach((mutant, i) => {
        const error = ends[i] === '0x00000000' ? 'accepted' : (names.get(ends[i]!) ?? `no error of ours (${ends[i]})`);
        if (!mutant.errors.includes(error)) wrong.push(describeMutant(mutant, error));
        const kinds = seen.get(error) ?? new Map<string, number>();
        seen.set(error, kinds.set(mutant.kind, (kinds.get(mutant.kind) ?? 0) + 1));
      });
    }
    const byError = [...seen].map(([error, kinds]) => `${error} ${[...kinds.values()].reduce((a, b) => a + b)}`);
    console.log(`${total} mutants of ${targets.length} proofs refused (seed ${SEED}): ${byError.sort().join(', ')}`);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(seen.has('accepted')).toBe(false);
    expect(total).toBeGreaterThanOrEqual(10_000);
    // The mutators reach every refusal that a proof can meet; the others have tests of their own.
    const expected = [...names.values()].filter((name) => !UNREACHED.has(name) && !LAYOUT_ADMIN.has(name));
    expect(expected.filter((name) => !seen.has(name))).toEqual([]);
  });
});

/** Refusals that no mutated proof can meet through these functions. */
const UNREACHED = new Set(['Sha256Failed', 'PubkeyLength']);
const LAYOUT_ADMIN = new Set(['BadChainConstants', 'LayoutMalformed', 'LayoutNotNewer', 'NoLayouts', 'OnlyAppender']);

const describeMutant = (mutant: Mutant, error: string): string =>
  `${mutant.target}, ${mutant.kind}: ${error} instead of ${mutant.errors.join(' or ')}`;

async function outcomes(fixture: Fixture, calls: readonly string[]): Promise<string[]> {
  const ends: string[] = [];
  for (let from = 0; from < calls.length; from += BATCH) {
    ends.push(
      ...(await fixture.chain.read<string[]>(fixture.harness, 'outcomes', [calls.slice(from, from + BATCH), GAS_EACH])),
    );
  }
  return ends;
}

/** A mutant shows nothing unless what it was made from is accepted. */
async function acceptedSamples(
  fixture: Fixture,
  abi: Abi,
  target: Awaited<ReturnType<typeof beaconTargets>>[number],
): Promise<boolean> {
  const calls = target.samples.map((args) => encodeFunctionData({ abi, functionName: target.functionName, args }));
  return (await outcomes(fixture, calls)).every((end) => end === '0x00000000');
}

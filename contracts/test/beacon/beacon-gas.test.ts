import { beforeAll, describe, expect, test } from 'vitest';
import { beaconFixture, type Fixture, FULU_SLOT, GLOAS_SLOT } from '../support/beacon-fixture.ts';
import {
  makeBalancesProof,
  makeHop,
  makeOpening,
  makePendingRun,
  makeStateProof,
  makeValidatorProof,
} from '../support/beacon-proofs.ts';
import { bigBalances } from '../support/big-balances.ts';
import { seeded } from '../support/random.ts';

const SEED = 1_000_000;
const BATCH = 32;
/**
 * Regression bound, a validator in a batch of 32 spread over a million: some 13 hashes of its own, each 260 gas while no
 * two of the batch have met, 390 from then on. A pair that lies close together meets early.
 */
const PER_VALIDATOR_MAX = 6_000;

describe('gas of a verification, without its calldata', () => {
  const random = seeded(SEED);
  const rows: [string, number][] = [];
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await beaconFixture(random);
  });
  const measure = async (name: string, functionName: string, args: readonly unknown[]): Promise<number> => {
    const gas = Number(await fixture.chain.read<bigint>(fixture.harness, functionName, args));
    rows.push([name, gas]);
    return gas;
  };

  test.each([
    ['Fulu', FULU_SLOT],
    ['Gloas', GLOAS_SLOT],
  ])('%s: anchor, hop, validator, pending deposits', async (fork, slot) => {
    const state = fixture.state(slot);
    const layout = fixture.layoutAt(slot);
    const headers = fixture.beacon.headers;
    const anchor = makeStateProof(state, headers.get(slot)!, await fixture.timestamp(slot));
    const layouts = fixture.forkLayouts.address;
    expect(await measure(`${fork} anchor`, 'anchorGas', [layouts, anchor])).toBeLessThan(30_000);
    const ring = makeHop(state, headers.get(slot - 1)!, []);
    await measure(`${fork} hop, ring`, 'hopGas', [layouts, state.root, BigInt(slot), layout, ring]);
    const old = makeHop(state, headers.get(5)!, fixture.beacon.periodRoots(0));
    await measure(`${fork} hop, summary`, 'hopGas', [layouts, state.root, BigInt(slot), layout, old]);
    const proof = makeValidatorProof(state, 211);
    expect(await measure(`${fork} validator`, 'verifyValidatorGas', [state.root, layout, proof])).toBeLessThan(20_000);
    await measure(`${fork} one pending deposit`, 'verifyPendingRunGas', [
      state.root,
      layout,
      makePendingRun(state, 0, 1),
    ]);
    const many = makePendingRun(state, 0, 20);
    await measure(`${fork} 20 pending deposits`, 'verifyPendingRunGas', [state.root, layout, many]);
  });

  test('Gloas: 32 balances of a progressive list of 402', async () => {
    const state = fixture.state(GLOAS_SLOT);
    const indices = random.distinct(BATCH, 402);
    const given = indices.map(BigInt);
    const args = [state.root, fixture.layoutAt(GLOAS_SLOT), given, makeBalancesProof(state, indices)];
    await measure('Gloas 32 balances of 402', 'verifyBalancesGas', args);
    const { opening, chunks, siblings } = makeOpening(state, indices);
    const under = [opening.top, opening.length, true, given, chunks, siblings];
    await measure('Gloas 32 balances of 402, opened', 'verifyBalancesUnderGas', under);
  });

  test.each([1_000, 1_000_000])('32 balances of %i', async (length) => {
    const layout = fixture.layoutAt(FULU_SLOT);
    const big = bigBalances(random, length, layout.balances);
    await measure(`open ${length}`, 'openBalancesGas', [big.stateRoot, layout, big.opening]);
    const spreads = {
      even: Array.from({ length: BATCH }, (_, i) => Math.floor(((i + 0.5) * length) / BATCH)),
      random: random.distinct(BATCH, length),
    };
    for (const [spread, indices] of Object.entries(spreads)) {
      const given = indices.map(BigInt);
      const expected = indices.map((index) => big.balance(index));
      const proof = big.proof(indices);
      const read = (name: string, args: readonly unknown[]) => fixture.chain.read(fixture.harness, name, args);
      expect(await read('verifyBalances', [big.stateRoot, layout, given, proof])).toEqual(expected);
      const { chunks, siblings } = big.under(indices);
      const under = [big.opening.top, big.opening.length, false, given, chunks, siblings];
      expect(await read('verifyBalancesUnder', under)).toEqual(expected);
      const whole = await measure(
        `${BATCH} of ${length} ${spread} (${proof.siblings.length} siblings)`,
        'verifyBalancesGas',
        [big.stateRoot, layout, given, proof],
      );
      expect(whole / BATCH).toBeLessThan(PER_VALIDATOR_MAX);
      const opened = `${BATCH} of ${length} ${spread}, opened (${siblings.length} siblings)`;
      expect((await measure(opened, 'verifyBalancesUnderGas', under)) / BATCH).toBeLessThan(PER_VALIDATOR_MAX);
    }
  });

  test('the figures', () => {
    const lines = rows.map(([name, gas]) => {
      const each =
        name.startsWith(`${BATCH} of`) || name.includes(`${BATCH} balances`)
          ? ` = ${Math.round(gas / BATCH)} each`
          : '';
      return `${name.padEnd(52)} ${String(gas).padStart(8)}${each}`;
    });
    console.log(lines.join('\n'));
    expect(lines.length).toBeGreaterThan(15);
  });
});

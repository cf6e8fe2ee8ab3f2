import { branch, type LoadedState } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import { beforeAll, describe, expect, test } from 'vitest';
import { beaconFixture, type Fixture, FULU_SLOT, GLOAS_SLOT, rootOf } from '../support/beacon-fixture.ts';
import {
  lengthLeaf,
  makeBalancesProof,
  makeHop,
  makeOpening,
  makePendingRun,
  makeStateProof,
  makeValidatorProof,
  makeWithdrawalProof,
} from '../support/beacon-proofs.ts';
import { seeded } from '../support/random.ts';

const SEED = 4788;

describe(`proofs from real SSZ states (seed ${SEED})`, () => {
  const random = seeded(SEED);
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await beaconFixture(random);
  });
  const read = <T>(functionName: string, args: readonly unknown[]) =>
    fixture.chain.read<T>(fixture.harness, functionName, args);
  const errorOf = (functionName: string, args: readonly unknown[]) =>
    fixture.chain.errorName(fixture.harness, functionName, args);
  const validatorsOf = (state: LoadedState) => state.lengthOf(state.layout.validators);

  describe.each([
    ['Fulu, plain lists', FULU_SLOT],
    ['Gloas, progressive lists', GLOAS_SLOT],
  ])('%s', (_name, slot) => {
    test('a state is anchored by EIP-4788, its header and the witness', async () => {
      const timestamp = await fixture.timestamp(slot);
      const state = fixture.state(slot);
      const proof = makeStateProof(state, fixture.beacon.headers.get(slot)!, timestamp);
      const expected = [state.root, BigInt(slot), fixture.layoutAt(slot)];
      expect(await read('anchor', [fixture.forkLayouts.address, proof])).toEqual(expected);
      const root = rootOf(fixture.beacon, slot);
      expect(await read('parentRoot', [BigInt(timestamp)])).toBe(root);
      expect(await read('anchorHeader', [fixture.forkLayouts.address, root, proof])).toEqual(expected);
      const rest = [fixture.forkLayouts.address, state.root, BigInt(slot), proof.witness];
      expect(await read('anchorRoot', rest)).toEqual(fixture.layoutAt(slot));
    });

    test('every validator', async () => {
      const state = fixture.state(slot);
      for (let index = 0; index < validatorsOf(state); index += 1) {
        const proof = makeValidatorProof(state, index);
        await read('verifyValidator', [state.root, fixture.layoutAt(slot), proof]);
      }
    });

    test('balances of any choice of validators, alone and under an opened top', async () => {
      const state = fixture.state(slot);
      const count = validatorsOf(state);
      const choices = [[0], [count - 1], [0, count - 1], [0, 1, 2, 3], Array.from({ length: count }, (_, i) => i)];
      for (let turn = 0; turn < 60; turn += 1) choices.push(random.distinct(1 + random.below(40), count));
      for (const indices of choices) {
        const expected = indices.map((index) => state.balance(index));
        const given = indices.map(BigInt);
        const proof = makeBalancesProof(state, indices);
        expect(await read('verifyBalances', [state.root, fixture.layoutAt(slot), given, proof])).toEqual(expected);
        const { opening, chunks, siblings } = makeOpening(state, indices);
        await read('openBalances', [state.root, fixture.layoutAt(slot), opening]);
        const { progressive } = fixture.layoutAt(slot);
        const under = [opening.top, opening.length, progressive, given, chunks, siblings];
        expect(await read('verifyBalancesUnder', under)).toEqual(expected);
      }
    });

    test('every run of pending deposits', async () => {
      const state = fixture.state(slot);
      const length = state.lengthOf(state.layout.pendingDeposits!);
      for (let start = 0; start < length; start += 1) {
        for (let count = 1; start + count <= length; count += 1 + Math.floor(count / 3)) {
          const run = makePendingRun(state, start, count);
          await read('verifyPendingRun', [state.root, fixture.layoutAt(slot), run]);
        }
      }
    });
  });

  test.each([100, 290, FULU_SLOT, GLOAS_SLOT])('the withdrawals of the block of slot %i', async (slot) => {
    const state = fixture.state(slot);
    const paid = fixture.beacon.withdrawals.get(slot)!;
    for (const position of paid.keys()) {
      const proof = makeWithdrawalProof(state, paid, position);
      await read('verifyWithdrawal', [state.root, fixture.layoutAt(slot), proof]);
    }
  });

  test('an empty list of pending deposits, and nothing else by no items', async () => {
    const state = fixture.state(100);
    const run = makePendingRun(state, 0, 0);
    await read('verifyPendingRun', [state.root, fixture.layoutAt(100), run]);
    const args = (change: object) => [state.root, fixture.layoutAt(100), { ...run, ...change }];
    expect(await errorOf('verifyPendingRun', args({ siblings: [run.branch[0]] }))).toBe('SiblingCount');
    expect(await errorOf('verifyPendingRun', args({ start: 1n }))).toBe('PendingRunOutOfRange');
    expect(await errorOf('verifyPendingRun', args({ length: 1n }))).toBe('PendingRunOutOfRange');
    const filled = fixture.state(FULU_SLOT);
    const pretended = makePendingRun(filled, 0, 0);
    const claim = [filled.root, fixture.layoutAt(FULU_SLOT), pretended];
    expect(await errorOf('verifyPendingRun', claim)).toBe('PendingRunInvalid');
  });

  test('hops through the ring and the summaries, across forks, to every block within reach', async () => {
    const reached: Record<string, number> = { ring: 0, summary: 0 };
    for (const from of [FULU_SLOT, GLOAS_SLOT]) {
      const recent = fixture.state(from);
      for (const [slot, header] of fixture.beacon.headers) {
        const period = slot - (slot % 64);
        if (slot >= from || (from - slot > 64 && period + 64 > from)) continue;
        const hop = makeHop(recent, header, fixture.beacon.periodRoots(period));
        reached[hop.historical ? 'summary' : 'ring']! += 1;
        const args = [fixture.forkLayouts.address, recent.root, BigInt(from), fixture.layoutAt(from), hop];
        expect(await read('hop', args)).toEqual([header.stateRoot, BigInt(slot), fixture.layoutAt(slot)]);
      }
    }
    expect(reached.ring).toBeGreaterThan(100);
    expect(reached.summary).toBeGreaterThan(400);
  });

  test('a validator of an older state, reached by a hop, is proven with the layout of the older fork', async () => {
    const recent = fixture.state(GLOAS_SLOT);
    const hop = makeHop(recent, fixture.beacon.headers.get(290)!, fixture.beacon.periodRoots(256));
    const args = [fixture.forkLayouts.address, recent.root, BigInt(GLOAS_SLOT), fixture.layoutAt(GLOAS_SLOT), hop];
    const [root, , layout] = await read<[Hex, bigint, object]>('hop', args);
    const proof = makeValidatorProof(fixture.state(290), 7);
    await read('verifyValidator', [root, layout, proof]);
    expect(await errorOf('verifyValidator', [root, fixture.layoutAt(GLOAS_SLOT), proof])).toBe('BranchLength');
  });

  test('a missed slot repeats the block before it, which counts only at its own position', async () => {
    const recent = fixture.state(FULU_SLOT);
    // An even place, so that the block's own place is not its sibling (two equal leaves would share one branch).
    const missed = [...Array(60).keys()]
      .map((i) => FULU_SLOT - 1 - i)
      .find((slot) => slot % 2 === 0 && !fixture.beacon.headers.has(slot))!;
    const header = fixture.beacon.headers.get(missed - 1)!;
    const hop = makeHop(recent, header, []);
    // The ring shows the same root one place further on; its branch is true there, but it is not the block's own place.
    const ring = recent.layout.blockRoots;
    const elsewhere = branch(recent, (ring.gindex << BigInt(ring.depth)) | BigInt(missed % 64));
    expect(elsewhere.leaf).toBe(rootOf(fixture.beacon, missed - 1));
    const args = (h: object) => [
      fixture.forkLayouts.address,
      recent.root,
      BigInt(FULU_SLOT),
      fixture.layoutAt(FULU_SLOT),
      h,
    ];
    await read('hop', args(hop));
    expect(await errorOf('hop', args({ ...hop, branch: elsewhere.branch }))).toBe('HopMismatch');
  });

  test('a balance beyond the end of the list is refused although its chunk is real', async () => {
    const state = fixture.state(FULU_SLOT);
    const proof = makeBalancesProof(state, [332]);
    const claim = [state.root, fixture.layoutAt(FULU_SLOT), [333n], proof];
    expect(await errorOf('verifyBalances', claim)).toBe('IndexBeyondList');
    const longer = [state.root, fixture.layoutAt(FULU_SLOT), [333n], { ...proof, length: lengthLeaf(334) }];
    expect(await errorOf('verifyBalances', longer)).toBe('BalancesProofInvalid');
  });

  test('a root that has left the ring, and an old state before the first layout', async () => {
    expect(await errorOf('parentRoot', [1n])).toBe('RootUnknown');
    const layouts = await fixture.chain.deploy('ForkLayouts', [
      [fixture.layoutAt(GLOAS_SLOT)],
      fixture.beacon.genesisValidatorsRoot,
      64n,
      0n,
      fixture.chain.accounts[0],
    ]);
    const state = fixture.state(FULU_SLOT);
    const proof = makeStateProof(state, fixture.beacon.headers.get(FULU_SLOT)!, await fixture.timestamp(FULU_SLOT));
    expect(await errorOf('anchor', [layouts.address, proof])).toBe('LayoutUnknown');
  });
});

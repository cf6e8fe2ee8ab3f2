import { blockRootsOf } from '@holdfast/beacon';
import { parseEth } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  balancesProof,
  deposit,
  expectedLossGwei,
  fundReserve,
  hopProof,
  noHop,
  proveRecovery,
  proveReference,
  proveSlashing,
  requestExit,
  settle,
  validatorProof,
  verifyBacking,
  withdrawalProof,
  withdrawalsOf,
} from '../src/index.ts';
import { Life } from './life-kit.ts';

let life: Life;
const ETH = parseEth('1');
beforeAll(async () => {
  life = await Life.start();
});
afterAll(() => life?.close());

const broken = async () =>
  (await verifyBacking({ ...life.kit, manifest: life.pool.manifest })).rows.filter(({ ok }) => ok === false);

test('a slashing is proven, provisioned, recovered and settled', async () => {
  const { kit, pool, staker } = life;
  const { devnet, beaconClient } = kit;
  await life.do(deposit(staker, { assets: 100n * ETH, receiver: kit.address(2) }));
  await life.do(fundReserve(staker, { amount: ETH }));
  const [first, second] = [await life.offer(1), await life.offer(2)];
  const index = await life.proveAndFund(first);
  const other = await life.proveAndFund(second);
  const active = (i: number) => devnet.state.validators.getReadonly(i).activationEpoch + 3 <= devnet.epoch;
  await devnet.stepUntil(() => active(index) && active(other), 400);
  await life.checkpoint();

  await devnet.inject({ kind: 'doubleVote', validators: [index], atOnce: true });
  await devnet.stepUntil(() => devnet.state.validators.getReadonly(index).slashed, 10);
  const slashedSlot = devnet.slot;
  await devnet.step(2);
  let moment = await life.moment();
  const { ordinal } = first;
  const slashedValidator = validatorProof(moment.state, index);
  await life.do(proveSlashing(pool, { ordinal, state: moment.proof, validator: slashedValidator }));
  let snapshot = await life.snapshot();
  expect(snapshot.validators[0]!.status).toBe('slashed');
  expect(snapshot.operators[0]).toMatchObject({ frozen: true, barred: true, mayStake: false, earning: 0 });
  const { config } = pool.manifest;
  expect(snapshot.validators[0]!.slashing!.expectedGwei).toBe(
    expectedLossGwei({ balanceGwei: 32n * 10n ** 9n, slashedGwei: 32n * 10n ** 9n, ...config.slashing }),
  );
  await life.do(requestExit(staker, second));

  // The state just before the fault is the reference: a hop back through block_roots.
  moment = await life.moment();
  const before = await beaconClient.verifiedState(slashedSlot - 1);
  const reference = {
    ordinal,
    state: moment.proof,
    hop: hopProof(moment.state, before.header.header),
    validator: validatorProof(before.state, index),
    balance: balancesProof(before.state, [index]),
  };
  await life.do(proveReference(pool, reference));
  await expect(proveReference(pool, reference)).rejects.toMatchObject({ errorName: 'ReferenceOlder' });
  await life.checkpoint();
  expect(await broken()).toEqual([]);

  // Its balance comes back with a withdrawal; shown from the very block's state, or through a hop later.
  await devnet.stepUntil(() => devnet.state.balances.get(index) === 0, 800);
  const paidSlot = devnet.slot;
  await devnet.step(1);
  const [{ header, state }, block] = await Promise.all([
    beaconClient.verifiedState(paidSlot),
    beaconClient.block(paidSlot),
  ]);
  const position = withdrawalsOf(state, block).findIndex(({ validatorIndex }) => validatorIndex === index);
  const withdrawal = withdrawalProof(state, block, position);
  moment = await life.moment();
  expect(moment.header.slot).toBe(paidSlot);
  const direct = { ordinal, state: moment.proof, hop: noHop(moment.header), withdrawal };
  expect((await proveRecovery(pool, direct, { dryRun: true })).hash).toBeNull();
  await devnet.step(70);
  moment = await life.moment();
  const period = Math.floor(paidSlot / 64);
  const summarised = moment.header.slot - paidSlot > 64;
  const atEnd = await beaconClient.state((period + 1) * 64);
  const hop = hopProof(moment.state, header.header, summarised ? blockRootsOf(atEnd) : undefined);
  expect(hop.historical).toBe(summarised);
  await life.do(proveRecovery(pool, { ordinal, state: moment.proof, hop, withdrawal }));
  await life.checkpoint();
  snapshot = await life.snapshot();
  expect(snapshot.validators[0]).toMatchObject({ balanceGwei: 0n, inFlightGwei: 0n });
  const { settleableFrom } = snapshot.validators[0]!.slashing!;
  await devnet.stepUntil(() => BigInt(devnet.genesisTime + devnet.slot * 12) > settleableFrom, 100);
  const bondBefore = (await life.snapshot()).operators[0]!.bond;
  await life.do(settle(pool, { ordinal }));
  snapshot = await life.snapshot();
  expect(snapshot.operators[0]).toMatchObject({ frozen: false, barred: true, bondReserved: 0n });
  expect(snapshot.operators[0]!.bond).toBeLessThan(bondBefore);
  await life.checkpoint();
  expect(await broken()).toEqual([]);
}, 180_000);

import { parseEth } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  balancesProof,
  claim,
  claimFees,
  deposit,
  finalize,
  fundReserve,
  poolEvents,
  proveExit,
  proveWithdrawn,
  requestExit,
  requestPartial,
  requestWithdrawal,
  takeBond,
  validatorProof,
} from '../src/index.ts';
import { Life } from './life-kit.ts';

let life: Life;
beforeAll(async () => {
  life = await Life.start();
});
afterAll(() => life?.close());

const ETH = parseEth('1');

test('a pool lives from the first deposit to the last claim', async () => {
  const { kit, pool, staker, operator } = life;
  const me = kit.address(2);
  const { result: shares } = await life.do(deposit(staker, { assets: 100n * ETH, receiver: me }));
  expect(shares).toBe(100n * ETH);
  await life.do(fundReserve(staker, { amount: ETH }));

  const [first, second] = [await life.offer(1), await life.offer(2)];
  const index = await life.proveAndFund(first);
  await life.proveAndFund(second);
  let snapshot = await life.snapshot();
  expect(snapshot.validators.map(({ status }) => status)).toEqual(['funded', 'funded']);
  expect(snapshot.totalShares).toBe(102n * ETH);
  expect(snapshot.vault.balance).toBe(38n * ETH + snapshot.vault.reserve);

  // In flight: nothing is lost, nothing counts twice.
  await life.checkpoint();
  snapshot = await life.snapshot();
  expect(snapshot.rate.target).toBe(ETH);

  await kit.devnet.stepUntil(
    () => kit.devnet.state.validators.getReadonly(index).activationEpoch <= kit.devnet.epoch,
    300,
  );
  await kit.devnet.step(16);
  const slot = await life.checkpoint();
  snapshot = await life.snapshot();
  expect(snapshot.validators.every(({ inFlightGwei }) => inFlightGwei === 0n)).toBe(true);
  expect(snapshot.validators.every(({ balanceSlot }) => balanceSlot === slot)).toBe(true);
  expect(snapshot.rate.target).toBeGreaterThan(ETH);
  expect(snapshot.operators[0]).toMatchObject({ held: 2, earning: 2, frozen: false });
  expect(snapshot.operators[0]!.fees).toBeGreaterThan(0n);
  await expect(claimFees(staker, { operatorId: 1, to: me })).rejects.toMatchObject({
    errorName: 'RegistryCallerUnknown',
  });
  await life.do(claimFees(operator, { operatorId: 1, to: me }));

  // A request beyond the cash calls an exit; it is paid after the next checkpoint.
  const { result: id } = await life.do(requestWithdrawal(staker, { shares: 60n * ETH, owner: me }));
  await expect(claim(staker, { id, to: me })).rejects.toMatchObject({ errorName: 'RequestNotFinalized' });
  await expect(takeBond(operator, { operatorId: 1, amount: 99n * ETH, to: me })).rejects.toMatchObject({
    code: 'POOL_REVERT',
    errorName: 'BondLiable',
  });
  await life.do(requestPartial(operator, { ...second, amountGwei: 1_000_000n }));
  await life.do(requestExit(staker, first));
  await kit.devnet.step(2);
  let moment = await life.moment();
  const validator = validatorProof(moment.state, index);
  await life.do(proveExit(pool, { ordinal: first.ordinal, state: moment.proof, validator }));
  await kit.devnet.stepUntil(() => kit.devnet.state.balances.get(index) === 0, 300);
  await kit.devnet.step(2);
  await life.checkpoint();
  moment = await life.moment();
  const { result: count } = await life.do(finalize(pool, { most: 10n }));
  expect(count).toBe(1n);
  const gone = {
    ordinal: first.ordinal,
    state: moment.proof,
    validator: validatorProof(moment.state, index),
    balance: balancesProof(moment.state, [index]),
  };
  await life.do(proveWithdrawn(pool, gone));
  const { result: assets } = await life.do(claim(staker, { id, to: me }));
  expect(assets).toBeGreaterThan(60n * ETH);
  snapshot = await life.snapshot();
  expect(snapshot.validators.map(({ status }) => status)).toEqual(['withdrawn', 'funded']);
  expect(snapshot.queue).toMatchObject({ lastId: 1n, finalizedId: 1n, queuedShares: 0n, balance: 0n });

  const events = await poolEvents(pool, 0n, snapshot.block.number);
  const names = new Set(events.map(({ name }) => name));
  for (const name of [
    'Deposit',
    'Predeposited',
    'Funded',
    'CheckpointFinished',
    'DepositLanded',
    'WithdrawalClaimed',
  ]) {
    expect(names).toContain(name);
  }
  const order = events.map(({ blockNumber, logIndex }) => Number(blockNumber) * 10_000 + logIndex);
  expect(order).toEqual([...order].sort((a, b) => a - b));
}, 120_000);

import { FAR_FUTURE_EPOCH } from '@lodestar/params';
import { afterEach, expect, test } from 'vitest';
import { type Devnet, interopValidators, makeDepositData, withdrawalCredentials } from '../src/index.ts';
import { ETH, fakeDevnet, SLOTS_PER_EPOCH, secretKey } from './devnet-kit.ts';
import type { FakeExecution } from './fake-execution.ts';

let devnet: Devnet;
let execution: FakeExecution;
afterEach(() => devnet?.close());

const OWNER = `0x${'0e'.repeat(20)}` as const;
const COMPOUNDING = withdrawalCredentials('0x02', OWNER);

async function start(options: Parameters<typeof fakeDevnet>[0] = {}) {
  ({ devnet, execution } = await fakeDevnet(options));
}

const validator = (index: number) => devnet.state.validators.getReadonly(index).toValue();
const balance = (index: number) => devnet.state.balances.get(index);
const isActive = (index: number) => validator(index).activationEpoch <= devnet.epoch;

/** Deposits 32 ETH (or `eth`) for a new key, and steps until it is an active validator. Returns its index. */
async function activate(seed: number, eth = 32, credentials = COMPOUNDING): Promise<number> {
  const deposit = makeDepositData({
    secretKey: secretKey(seed),
    withdrawalCredentials: credentials,
    amount: BigInt(eth * ETH),
  });
  execution.deposit(deposit);
  devnet.addKeys([secretKey(seed)]);
  await devnet.stepUntil(() => devnet.indexOf(deposit.pubkey) !== null, 100);
  const index = devnet.indexOf(deposit.pubkey)!;
  await devnet.stepUntil(() => isActive(index), 100);
  return index;
}

test('a deposit waits as pending, becomes a validator once finalized, and then works', async () => {
  await start();
  const deposit = makeDepositData({
    secretKey: secretKey(1),
    withdrawalCredentials: COMPOUNDING,
    amount: BigInt(32 * ETH),
  });
  execution.deposit(deposit);
  await devnet.step();
  expect(devnet.state.pendingDeposits.length).toBe(1);
  expect(devnet.indexOf(deposit.pubkey)).toBeNull();
  devnet.addKeys([secretKey(1)]);
  await devnet.stepUntil(() => devnet.indexOf(deposit.pubkey) !== null, 100);
  expect(devnet.indexOf(deposit.pubkey)).toBe(64);
  expect(balance(64)).toBe(32 * ETH);
  await devnet.stepUntil(() => isActive(64), 100);
  await devnet.step(2 * SLOTS_PER_EPOCH);
  expect(balance(64)).toBeGreaterThan(32 * ETH);
  expect(devnet.state.previousEpochParticipation.get(64)).toBe(0b111);
});

test('a deposit with a bad signature never becomes a validator', async () => {
  await start();
  const deposit = makeDepositData({
    secretKey: secretKey(1),
    withdrawalCredentials: COMPOUNDING,
    amount: BigInt(32 * ETH),
    genesisForkVersion: '0x00000000',
  });
  execution.deposit(deposit);
  await devnet.step(6 * SLOTS_PER_EPOCH);
  expect(devnet.state.pendingDeposits.length).toBe(0);
  expect(devnet.indexOf(deposit.pubkey)).toBeNull();
});

test('the first deposit fixes the credentials: a later one with others only adds to the balance', async () => {
  await start();
  const amount = BigInt(ETH);
  const stolen = withdrawalCredentials('0x01', `0x${'66'.repeat(20)}`);
  execution.deposit(makeDepositData({ secretKey: secretKey(1), withdrawalCredentials: stolen, amount }));
  execution.deposit(makeDepositData({ secretKey: secretKey(1), withdrawalCredentials: COMPOUNDING, amount }));
  await devnet.stepUntil(() => devnet.state.validators.length === 65, 100);
  await devnet.step(SLOTS_PER_EPOCH);
  expect(`0x${Buffer.from(validator(64).withdrawalCredentials).toString('hex')}`).toBe(stolen);
  expect(balance(64)).toBe(2 * ETH);
});

test('a voluntary exit ends in a full withdrawal to the owner', async () => {
  await start();
  const index = await activate(1);
  await devnet.step(2 * SLOTS_PER_EPOCH); // SHARD_COMMITTEE_PERIOD
  await devnet.exit(index);
  await devnet.step();
  expect(validator(index).exitEpoch).not.toBe(FAR_FUTURE_EPOCH);
  expect(validator(index).withdrawableEpoch).toBe(validator(index).exitEpoch + 4);
  await devnet.stepUntil(() => balance(index) === 0, 200);
  const paid = execution.sealed.flatMap(({ withdrawals }) => withdrawals).filter(({ address }) => address === OWNER);
  expect(paid).toHaveLength(1);
  expect(paid[0]!.amount).toBeGreaterThan(32_000_000_000n);
  expect(devnet.epoch).toBeGreaterThanOrEqual(validator(index).withdrawableEpoch);
});

test('EIP-7002: a request in full exits, one in part takes what is above 32 ETH', async () => {
  await start();
  const index = await activate(1, 40);
  await devnet.step(2 * SLOTS_PER_EPOCH);
  const validatorPubkey = devnet.pubkeyOf(index);
  execution.withdraw({ sourceAddress: OWNER, validatorPubkey, amount: BigInt(5 * ETH) });
  await devnet.step();
  expect(devnet.state.pendingPartialWithdrawals.length).toBe(1);
  expect(validator(index).exitEpoch).toBe(FAR_FUTURE_EPOCH);
  await devnet.stepUntil(() => devnet.state.pendingPartialWithdrawals.length === 0, 200);
  const paid = () => execution.sealed.flatMap(({ withdrawals }) => withdrawals).filter((w) => w.address === OWNER);
  expect(paid().map(({ amount }) => amount)).toEqual([BigInt(5 * ETH)]);
  expect(balance(index)).toBeGreaterThan(35 * ETH);

  execution.withdraw({ sourceAddress: `0x${'66'.repeat(20)}`, validatorPubkey, amount: 0n });
  await devnet.step();
  expect(validator(index).exitEpoch).toBe(FAR_FUTURE_EPOCH);
  execution.withdraw({ sourceAddress: OWNER, validatorPubkey, amount: 0n });
  await devnet.step();
  expect(validator(index).exitEpoch).not.toBe(FAR_FUTURE_EPOCH);
  await devnet.stepUntil(() => balance(index) === 0, 200);
  expect(paid()).toHaveLength(2);
});

test('EIP-7251: a consolidation moves the balance to the target', async () => {
  await start();
  const [source, target] = [await activate(1), await activate(2)];
  await devnet.step(3 * SLOTS_PER_EPOCH);
  const [sourcePubkey, targetPubkey] = [devnet.pubkeyOf(source), devnet.pubkeyOf(target)];
  execution.consolidate({ sourceAddress: OWNER, sourcePubkey, targetPubkey });
  await devnet.step();
  expect(devnet.state.pendingConsolidations.length).toBe(1);
  await devnet.stepUntil(() => devnet.state.pendingConsolidations.length === 0, 200);
  expect(balance(source)).toBeLessThan(ETH);
  expect(balance(target)).toBeGreaterThan(64 * ETH);
  await devnet.step(SLOTS_PER_EPOCH);
  expect(validator(target).effectiveBalance).toBeGreaterThan(63 * ETH);
});

test('the sweep skims 0x01 validators above 32 ETH, and leaves compounding ones alone', async () => {
  const skimmed = withdrawalCredentials('0x01', OWNER);
  const validators = interopValidators(64).map((each, index) =>
    index < 4 ? { ...each, withdrawalCredentials: skimmed, balance: 33 * ETH } : { ...each, balance: 33 * ETH },
  );
  await start({ validators });
  await devnet.step();
  expect(execution.sealed[0]!.withdrawals).toHaveLength(4);
  for (const withdrawal of execution.sealed[0]!.withdrawals) {
    expect(withdrawal).toMatchObject({ address: OWNER, amount: BigInt(ETH) });
  }
  await devnet.step(SLOTS_PER_EPOCH);
  expect(balance(0)).toBeLessThan(32.1 * ETH);
  expect(balance(10)).toBeGreaterThanOrEqual(33 * ETH);
});

test('a validator whose key is not here misses its slots', async () => {
  await start({ validators: 16 });
  execution.deposit(
    makeDepositData({ secretKey: secretKey(9), withdrawalCredentials: COMPOUNDING, amount: BigInt(128 * ETH) }),
  );
  await devnet.stepUntil(() => devnet.state.validators.length === 17, 100);
  await devnet.stepUntil(() => isActive(16), 100);
  const results = await devnet.step(4 * SLOTS_PER_EPOCH);
  expect(results.some(({ missed }) => missed === 'noKey')).toBe(true);
  expect(results.every(({ missed, proposerIndex }) => (missed === 'noKey') === (proposerIndex === 16))).toBe(true);
});

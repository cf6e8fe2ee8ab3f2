import { afterEach, expect, test } from 'vitest';
import { type Devnet, makeDepositData, withdrawalCredentials } from '../src/index.ts';
import { ETH, fakeDevnet, SLOTS_PER_EPOCH, secretKey } from './devnet-kit.ts';

let devnet: Devnet | undefined;
afterEach(() => devnet?.close());

const COMPOUNDING = withdrawalCredentials('0x02', `0x${'0e'.repeat(20)}`);
const deposit = (seed: number) =>
  makeDepositData({ secretKey: secretKey(seed), withdrawalCredentials: COMPOUNDING, amount: BigInt(32 * ETH) });

test('restored, the chain goes the same way again, as often as wanted', async () => {
  const kit = await fakeDevnet();
  devnet = kit.devnet;
  await devnet.step(21);
  const snapshot = await devnet.snapshot();
  const roots: string[] = [];
  for (let run = 0; run < 3; run++) {
    await devnet.step(27);
    roots.push(devnet.chain.head.root);
    await devnet.restore(snapshot);
    expect(devnet.slot).toBe(21);
    expect(devnet.chain.store.bySlot(22)).toBeUndefined();
  }
  expect(new Set(roots).size).toBe(1);

  const fresh = await fakeDevnet();
  await fresh.devnet.step(48);
  expect(fresh.devnet.chain.head.root).toBe(roots[0]);
  await fresh.devnet.close();
});

test('what happened after the snapshot is forgotten: deposits, faults, slashings', async () => {
  const kit = await fakeDevnet();
  devnet = kit.devnet;
  await devnet.step(3);
  const snapshot = await devnet.snapshot();

  kit.execution.deposit(deposit(1));
  await devnet.inject({ kind: 'offline', validators: [7] });
  await devnet.inject({ kind: 'doubleVote', validators: [9], atOnce: true });
  await devnet.step(5 * SLOTS_PER_EPOCH);
  expect(devnet.indexOf(deposit(1).pubkey)).toBe(64);
  expect(devnet.state.validators.getReadonly(9).slashed).toBe(true);

  await devnet.restore(snapshot);
  expect(devnet.status().faults).toEqual([]);
  expect(devnet.indexOf(deposit(1).pubkey)).toBeNull();
  // Another key takes the index that the first one had: nothing remembers the first.
  kit.execution.deposit(deposit(2));
  devnet.addKeys([secretKey(2)]);
  await devnet.stepUntil(({ state }) => state.validators.length === 65 && state.balances.get(64) > 32 * ETH, 120);
  expect(devnet.indexOf(deposit(2).pubkey)).toBe(64);
  expect(devnet.indexOf(deposit(1).pubkey)).toBeNull();
  expect(devnet.state.validators.getReadonly(9).slashed).toBe(false);
});

test('snapshot, restore, inject and step never run into each other', async () => {
  const kit = await fakeDevnet();
  devnet = kit.devnet;
  const [steps, snapshot, , later] = await Promise.all([
    devnet.step(2),
    devnet.snapshot(),
    devnet.inject({ kind: 'offline', validators: [1], forSlots: 1 }),
    devnet.step(2),
  ]);
  expect([...steps, ...later].map(({ slot }) => slot).sort()).toEqual([1, 2, 3, 4]);
  await devnet.restore(snapshot);
  expect(devnet.slot).toBe(snapshot.slot);
});

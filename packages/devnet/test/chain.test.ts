import { afterEach, expect, test } from 'vitest';
import type { Devnet, DevnetFork } from '../src/index.ts';
import { fakeDevnet, SLOTS_PER_EPOCH } from './devnet-kit.ts';

let devnet: Devnet | undefined;
afterEach(() => devnet?.close());

test.each<DevnetFork>(['electra', 'fulu'])('%s: blocks follow each other and finality is reached', async (fork) => {
  const kit = await fakeDevnet({ fork });
  devnet = kit.devnet;
  const slots = await devnet.step(5 * SLOTS_PER_EPOCH);
  expect(slots.every(({ missed }) => missed === null)).toBe(true);
  expect(devnet.status()).toMatchObject({ slot: 40, epoch: 5, headSlot: 40, justifiedEpoch: 4, finalizedEpoch: 3 });
  expect(devnet.config.getForkName(0)).toBe(fork);
  const { safeBlockHash, finalizedBlockHash } = kit.execution.finality.at(-1)!;
  expect(safeBlockHash).toBe(devnet.chain.store.bySlot(32)!.executionBlockHash);
  expect(finalizedBlockHash).toBe(devnet.chain.store.bySlot(24)!.executionBlockHash);
});

test('everybody votes, signs and is paid', async () => {
  ({ devnet } = await fakeDevnet());
  await devnet.step(3 * SLOTS_PER_EPOCH);
  const { state } = devnet;
  for (let index = 0; index < state.validators.length; index++) {
    expect(state.balances.get(index)).toBeGreaterThan(32e9);
    expect(state.previousEpochParticipation.get(index)).toBe(0b111);
  }
  for (const { block } of devnet.chain.store.blocks().slice(1)) {
    expect(block.message.body.syncAggregate.syncCommitteeBits.getTrueBitIndexes()).toHaveLength(32);
  }
});

test('a payload is asked for with the spec’s timestamp, randao, parent root and fee recipient', async () => {
  const kit = await fakeDevnet({ genesisTime: 1_800_000_100, secondsPerSlot: 2 });
  devnet = kit.devnet;
  devnet.setFeeRecipient(devnet.state.epochCtx.getBeaconProposer(1), `0x${'ab'.repeat(20)}`);
  await devnet.step(2);
  const [first, second] = kit.execution.sealed;
  expect(first).toMatchObject({ timestamp: 1_800_000_102, feeRecipient: `0x${'ab'.repeat(20)}` });
  expect(first!.parentBeaconBlockRoot).toBe(devnet.chain.genesisBlock.root);
  expect(second!.parentBeaconBlockRoot).toBe(devnet.chain.store.bySlot(1)!.root);
  expect(second!.timestamp).toBe(1_800_000_104);
});

test('an offline proposer misses its slot; the next block builds on the last one', async () => {
  const kit = await fakeDevnet();
  devnet = kit.devnet;
  await devnet.step(2);
  const proposer = devnet.state.epochCtx.getBeaconProposer(3);
  await devnet.inject({ kind: 'offline', validators: [proposer], forSlots: 1 });
  const [missed, next] = await devnet.step(2);
  expect(missed).toEqual({ slot: 3, proposerIndex: proposer, root: null, missed: 'offline' });
  expect(next!.root).not.toBeNull();
  expect(kit.execution.sealed.at(-1)!.parentBeaconBlockRoot).toBe(devnet.chain.store.bySlot(2)!.root);
  expect(devnet.status().faults).toEqual([]);
  await devnet.step(6 * SLOTS_PER_EPOCH);
  expect(devnet.status().finalizedEpoch).toBeGreaterThan(3);
});

test('whoever is offline loses, and with a third of the stake gone nothing is finalized until it is back', async () => {
  ({ devnet } = await fakeDevnet());
  const sleepers = Array.from({ length: 24 }, (_, index) => index);
  await devnet.inject({ kind: 'offline', validators: sleepers });
  await devnet.step(4 * SLOTS_PER_EPOCH);
  expect(devnet.status().finalizedEpoch).toBe(0);
  expect(devnet.state.balances.get(0)).toBeLessThan(32e9);
  await devnet.inject({ kind: 'online', validators: sleepers });
  await devnet.step(5 * SLOTS_PER_EPOCH);
  expect(devnet.status().finalizedEpoch).toBeGreaterThan(4);
});

test('the same steps give the same state', async () => {
  const roots: string[] = [];
  for (let run = 0; run < 2; run++) {
    const kit = await fakeDevnet();
    await kit.devnet.step(20);
    roots.push(kit.devnet.chain.head.stateRoot);
    await kit.devnet.close();
  }
  expect(roots[0]).toBe(roots[1]);
});

test('the beacon chain may not begin before its execution head', async () => {
  await expect(fakeDevnet({ genesisTime: 1_700_000_000 })).rejects.toMatchObject({ code: 'DEVNET_GENESIS_TOO_EARLY' });
});

import { ssz } from '@lodestar/types';
import { afterEach, expect, test } from 'vitest';
import { type Devnet, interopValidators, makeDepositData, withdrawalCredentials } from '../src/index.ts';
import { ETH, fakeDevnet, SLOTS_PER_EPOCH, secretKey } from './devnet-kit.ts';

let devnet: Devnet;
afterEach(() => devnet?.close());

const OWNER = `0x${'0e'.repeat(20)}` as const;

test('genesis at Gloas: payloads follow their blocks, requests are applied a block later, all is finalized', async () => {
  const skimmed = interopValidators(64).map((each) => ({
    ...each,
    withdrawalCredentials: withdrawalCredentials('0x01', OWNER),
    balance: 33 * ETH,
  }));
  const kit = await fakeDevnet({ fork: 'gloas', validators: skimmed });
  devnet = kit.devnet;
  await devnet.step(2);
  expect(kit.execution.sealed[0]!.withdrawals.length).toBeGreaterThan(0);
  const { block, envelope, root } = devnet.chain.head;
  expect(ssz.gloas.BeaconBlock.hashTreeRoot(block.message as never)).toEqual(envelope!.message.beaconBlockRoot);
  expect(devnet.chain.store.byRoot(root)!.executionBlockHash).toBe((await kit.execution.head()).blockHash);

  const amount = BigInt(32 * ETH);
  const deposit = makeDepositData({
    secretKey: secretKey(1),
    withdrawalCredentials: withdrawalCredentials('0x02', OWNER),
    amount,
  });
  devnet.addKeys([secretKey(1)]);
  kit.execution.deposit(deposit);
  await devnet.step();
  expect(devnet.state.pendingDeposits.length).toBe(0);
  await devnet.step();
  expect(devnet.state.pendingDeposits.length).toBe(1);
  await devnet.inject({ kind: 'offline', validators: [devnet.state.epochCtx.getBeaconProposer(6)], forSlots: 2 });
  await devnet.stepUntil(() => devnet.indexOf(deposit.pubkey) !== null, 80);
  await devnet.step(2 * SLOTS_PER_EPOCH);
  expect(devnet.epoch - devnet.status().finalizedEpoch).toBeLessThanOrEqual(3);
});

test('a chain that begins at Fulu crosses into Gloas', async () => {
  const kit = await fakeDevnet({ config: { GLOAS_FORK_EPOCH: 3 } });
  devnet = kit.devnet;
  await devnet.step(8 * SLOTS_PER_EPOCH);
  expect(devnet.config.getForkName(3 * SLOTS_PER_EPOCH - 1)).toBe('fulu');
  expect(devnet.config.getForkName(devnet.slot)).toBe('gloas');
  expect(devnet.status().finalizedEpoch).toBeGreaterThanOrEqual(5);
  const { url } = await devnet.listen();
  const envelopes = `${url}/eth/v1/beacon/execution_payload_envelopes`;
  expect((await fetch(`${envelopes}/head`)).status).toBe(200);
  expect((await fetch(`${envelopes}/1`)).status).toBe(404);
  const response = await fetch(`${url}/eth/v2/debug/beacon/states/head`, {
    headers: { accept: 'application/octet-stream' },
  });
  expect(response.headers.get('eth-consensus-version')).toBe('gloas');
  const state = ssz.gloas.BeaconState.deserialize(new Uint8Array(await response.arrayBuffer()));
  expect(`0x${Buffer.from(ssz.gloas.BeaconState.hashTreeRoot(state)).toString('hex')}`).toBe(
    devnet.chain.head.stateRoot,
  );
});

test('an exit that the parent payload asked for keeps a voluntary exit out of the block', async () => {
  const owned = interopValidators(32).map((each) => ({
    ...each,
    withdrawalCredentials: withdrawalCredentials('0x02', OWNER),
  }));
  const kit = await fakeDevnet({ fork: 'gloas', validators: owned });
  devnet = kit.devnet;
  await devnet.step(3 * SLOTS_PER_EPOCH);
  kit.execution.withdraw({ sourceAddress: OWNER, validatorPubkey: devnet.pubkeyOf(4), amount: 0n });
  await devnet.step();
  await devnet.exit(4);
  await devnet.step(2);
  expect(devnet.chain.store.blocks().slice(-2)[0]!.block.message.body.voluntaryExits).toEqual([]);
  expect(devnet.state.validators.getReadonly(4).exitEpoch).not.toBe(Number.POSITIVE_INFINITY);
  expect(devnet.chain.operations.all().voluntaryExits).toEqual([]);
});

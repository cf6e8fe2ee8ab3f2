import { getClient } from '@lodestar/api';
import { ssz } from '@lodestar/types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChainEvent, Devnet } from '../src/index.ts';
import { fakeDevnet } from './devnet-kit.ts';

let devnet: Devnet;
let url: string;
let client: ReturnType<typeof getClient>;

beforeAll(async () => {
  ({ devnet } = await fakeDevnet());
  await devnet.inject({ kind: 'offline', validators: [devnet.state.epochCtx.getBeaconProposer(5)], forSlots: 5 });
  await devnet.step(36);
  ({ url } = await devnet.listen());
  client = getClient({ baseUrl: url }, { config: devnet.config });
});
afterAll(() => devnet.close());

const json = async (path: string, init?: RequestInit) => {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, body: await response.json() };
};

test('genesis, fork schedule, deposit contract and spec', async () => {
  const genesis = (await client.beacon.getGenesis()).value();
  expect(genesis.genesisTime).toBe(devnet.genesisTime);
  expect(genesis.genesisValidatorsRoot).toEqual(devnet.config.genesisValidatorsRoot);
  const forks = (await client.config.getForkSchedule()).value();
  expect(forks.at(-1)!.currentVersion).toEqual(devnet.config.FULU_FORK_VERSION);
  expect((await client.config.getDepositContract()).value().chainId).toBe(31337);
  const spec = (await client.config.getSpec()).value();
  expect(spec).toMatchObject({ SLOTS_PER_EPOCH: '8', SECONDS_PER_SLOT: '12', DOMAIN_DEPOSIT: '0x03000000' });
  expect(Object.values(spec).every((value) => typeof value === 'string' || Array.isArray(value))).toBe(true);
});

test('headers, blocks and roots agree', async () => {
  for (const blockId of ['head', 'genesis', 'finalized', 'justified', 7] as const) {
    const header = (await client.beacon.getBlockHeader({ blockId })).value();
    const { root } = (await client.beacon.getBlockRoot({ blockId })).value();
    expect(ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.header.message)).toEqual(root);
    const response = await client.beacon.getBlockV2({ blockId });
    expect(response.meta().version).toBe('fulu');
    expect(ssz.fulu.BeaconBlock.hashTreeRoot(response.value().message as never)).toEqual(root);
  }
  const child = (await client.beacon.getBlockHeaders({ parentRoot: devnet.chain.store.bySlot(7)!.root })).value();
  expect(child[0]!.header.message.slot).toBe(8);
});

test('a missed slot has no block, but a state', async () => {
  expect((await client.beacon.getBlockHeader({ blockId: 5 })).status).toBe(404);
  expect((await client.beacon.getBlockHeaders({ slot: 5 })).value()).toEqual([]);
  const state = (await client.debug.getStateV2({ stateId: 5 })).value();
  expect(state.slot).toBe(5);
});

test('a state as SSZ hashes to the root in its header, and JSON says the same', async () => {
  for (const stateId of ['head', 'finalized', 12] as const) {
    const { stateRoot } = (await client.beacon.getBlockHeader({ blockId: stateId })).value().header.message;
    const bytes = (await client.debug.getStateV2({ stateId })).ssz();
    expect(ssz.fulu.BeaconState.hashTreeRoot(ssz.fulu.BeaconState.deserialize(bytes))).toEqual(stateRoot);
    expect((await client.beacon.getStateRoot({ stateId })).value().root).toEqual(stateRoot);
  }
  const { body } = await json('/eth/v2/debug/beacon/states/head');
  expect(body).toMatchObject({ version: 'fulu', finalized: false, data: { slot: '36' } });
  const response = await fetch(`${url}/eth/v2/debug/beacon/states/head`, {
    headers: { accept: 'application/octet-stream' },
  });
  expect(response.headers.get('eth-consensus-version')).toBe('fulu');
  await response.arrayBuffer();
  const byRoot = await json(`/eth/v1/beacon/states/${devnet.chain.store.bySlot(12)!.stateRoot}/fork`);
  expect(byRoot.status).toBe(200);
});

test('validators by index, key and status', async () => {
  const all = (await client.beacon.getStateValidators({ stateId: 'head' })).value();
  expect(all).toHaveLength(64);
  const [first] = all;
  const key = devnet.pubkeyOf(9);
  const some = (await client.beacon.getStateValidators({ stateId: 'head', validatorIds: [3, key] })).value();
  expect(some.map(({ index }) => index)).toEqual([3, 9]);
  const posted = await client.beacon.postStateValidators({
    stateId: 'head',
    validatorIds: [3],
    statuses: ['active_ongoing'],
  });
  expect(posted.value()).toHaveLength(1);
  const one = (await client.beacon.getStateValidator({ stateId: 'head', validatorId: key })).value();
  expect(one.balance).toBe(devnet.state.balances.get(9));
  expect(first!.status).toBe('active_ongoing');
  expect((await json('/eth/v1/beacon/states/head/validators?id=1,2&status=active')).body.data).toHaveLength(2);
  expect((await json('/eth/v1/beacon/states/head/validators?status=exited')).body.data).toEqual([]);
  const balances = (await client.beacon.getStateValidatorBalances({ stateId: 'head', validatorIds: [1] })).value();
  expect(balances).toEqual([{ index: 1, balance: devnet.state.balances.get(1) }]);
  expect(
    (await client.beacon.postStateValidatorIdentities({ stateId: 'head', validatorIds: [1] })).value(),
  ).toHaveLength(1);
});

test('finality, randao, committees, sync committees and the pending queues', async () => {
  const finality = (await client.beacon.getStateFinalityCheckpoints({ stateId: 'head' })).value();
  expect(finality.finalized.epoch).toBe(devnet.status().finalizedEpoch);
  expect((await client.beacon.getStateRandao({ stateId: 'head', epoch: 2 })).value().randao).toHaveLength(32);
  const committees = (await client.beacon.getEpochCommittees({ stateId: 'head' })).value();
  expect(new Set(committees.flatMap(({ validators }) => validators)).size).toBe(64);
  const past = (await client.beacon.getEpochCommittees({ stateId: 10, slot: 10, index: 0 })).value();
  expect(past).toHaveLength(1);
  const sync = (await client.beacon.getEpochSyncCommittees({ stateId: 'head' })).value();
  expect(sync.validators).toHaveLength(32);
  expect(sync.validatorAggregates.flat()).toEqual(sync.validators);
  for (const queue of ['pending_deposits', 'pending_partial_withdrawals', 'pending_consolidations']) {
    const { body } = await json(`/eth/v1/beacon/states/head/${queue}`);
    expect(body).toMatchObject({ version: 'fulu', data: [] });
  }
  expect((await client.beacon.getProposerLookahead({ stateId: 'head' })).value()).toHaveLength(16);
});

test('duties are those that are then performed', async () => {
  const duties = (await client.validator.getProposerDuties({ epoch: 5 })).value();
  const attesters = await client.validator.getAttesterDuties({ epoch: 5, indices: [0, 1, 2] });
  expect(attesters.value()).toHaveLength(3);
  const syncs = (await client.validator.getSyncCommitteeDuties({ epoch: 4, indices: [...Array(64).keys()] })).value();
  expect(syncs.flatMap(({ validatorSyncCommitteeIndices }) => validatorSyncCommitteeIndices)).toHaveLength(32);
  await devnet.step(8);
  for (const { slot, validatorIndex } of duties.filter((duty) => duty.slot <= devnet.slot)) {
    expect(devnet.chain.store.bySlot(slot)!.header.message.proposerIndex).toBe(validatorIndex);
  }
  const liveness = (await client.validator.getLiveness({ epoch: 4, indices: [0, 1] })).value();
  expect(liveness).toEqual([
    { index: 0, isLive: true },
    { index: 1, isLive: true },
  ]);
});

test('fee recipients are set as validators set them', async () => {
  const feeRecipient = `0x${'cd'.repeat(20)}`;
  const proposers = [...Array(64).keys()].map((index) => ({ validatorIndex: index, feeRecipient }));
  (await client.validator.prepareBeaconProposer({ proposers })).assertOk();
  const [slot] = await devnet.step();
  const body = devnet.chain.store.byRoot(slot!.root!)!.block.message.body;
  expect('executionPayload' in body && Buffer.from(body.executionPayload.feeRecipient).toString('hex')).toBe(
    'cd'.repeat(20),
  );
});

test('a voluntary exit goes through the pool into a block', async () => {
  await devnet.exit(40);
  const [exit] = (await client.beacon.getPoolVoluntaryExits()).value();
  expect(exit!.message.validatorIndex).toBe(40);
  await devnet.step();
  expect((await client.beacon.getPoolVoluntaryExits()).value()).toEqual([]);
  const { status } = (await client.beacon.getStateValidator({ stateId: 'head', validatorId: 40 })).value();
  expect(status).toBe('active_exiting');
  const again = await client.beacon.submitPoolVoluntaryExit({ signedVoluntaryExit: exit! });
  expect(again.status).toBe(400);
});

test('slashings of others are taken by the pool, included, and refused a second time', async () => {
  // Another node of the same chain sees the offence first.
  const other = (await fakeDevnet()).devnet;
  const seen: ChainEvent[] = [];
  other.on((event) => seen.push(event));
  await other.inject({ kind: 'doubleVote', validators: [50], atOnce: true });
  await other.inject({ kind: 'doubleProposal', validators: [51], atOnce: true });
  await other.step();
  await other.close();
  const attester = seen.find((event) => event.kind === 'attester_slashing')!.slashing;
  const proposer = seen.find((event) => event.kind === 'proposer_slashing')!.slashing;
  const postAttester = () => client.beacon.submitPoolAttesterSlashingsV2({ attesterSlashing: attester });
  const postProposer = () => client.beacon.submitPoolProposerSlashings({ proposerSlashing: proposer });
  (await postAttester()).assertOk();
  (await postProposer()).assertOk();
  const pooled = (await client.beacon.getPoolAttesterSlashingsV2()).value();
  expect(pooled).toHaveLength(1);
  expect((await client.beacon.getPoolProposerSlashings()).value()).toHaveLength(1);
  await devnet.step();
  for (const index of [50, 51]) {
    const { status } = (await client.beacon.getStateValidator({ stateId: 'head', validatorId: index })).value();
    expect(status).toBe('active_slashed');
  }
  expect((await postAttester()).status).toBe(400);
  expect((await postProposer()).status).toBe(400);
});

test('the node says who it is and that it is in sync', async () => {
  expect((await client.node.getNodeVersion()).value().version).toContain('Holdfast');
  expect((await client.node.getSyncingStatus()).value()).toMatchObject({ isSyncing: false, syncDistance: 0 });
  expect((await fetch(`${url}/eth/v1/node/health`)).status).toBe(200);
  (await client.node.getNetworkIdentity()).assertOk();
});

test.each([
  ['/eth/v1/beacon/states/99999/root', 404],
  [`/eth/v1/beacon/states/0x${'00'.repeat(32)}/root`, 404],
  ['/eth/v1/beacon/states/nonsense/root', 400],
  ['/eth/v1/beacon/headers/nonsense', 400],
  ['/eth/v1/beacon/states/head/validators/0x12', 400],
  ['/eth/v1/beacon/states/head/validators/5000', 404],
  ['/eth/v1/beacon/states/head/committees?epoch=4000', 400],
  ['/eth/v1/validator/duties/proposer/4000', 400],
  ['/eth/v1/events?topics=gossip', 400],
  ['/eth/v1/events', 400],
  ['/eth/v1/no/such/route', 404],
])('%s answers %i with code and message', async (path, status) => {
  const { status: answered, body } = await json(path);
  expect(answered).toBe(status);
  expect(body).toEqual({ code: status, message: expect.any(String) });
});

import { BeaconHttpError } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import { afterEach, expect, test } from 'vitest';
import { type ChainEvent, createEdrExecution, Devnet, type SlotPhase } from '../src/index.ts';
import { fakeDevnet, SLOTS_PER_EPOCH } from './devnet-kit.ts';
import { clientsOf, GENESIS_TIME } from './execution-kit.ts';
import type { FakeExecution } from './fake-execution.ts';
import { TestValidatorClient } from './validator-client.ts';

const VALIDATORS = 32;
/** More than a third: without them nothing is finalized. */
const EXTERNAL = Array.from({ length: 20 }, (_, i) => i + 8);

let devnet: Devnet;
let execution: FakeExecution;
let url: string;
let vc: TestValidatorClient;
let events: ChainEvent[];
afterEach(() => devnet?.close());

async function start(options: Parameters<typeof fakeDevnet>[0] = {}): Promise<void> {
  ({ devnet, execution } = await fakeDevnet({ validators: VALIDATORS, external: EXTERNAL, ...options }));
  ({ url } = await devnet.listen());
  vc = new TestValidatorClient(url, devnet.config, EXTERNAL);
  events = [];
  devnet.on((event) => events.push(event));
}

async function slots(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    expect(await devnet.stepPhase()).toBe<SlotPhase>('propose');
    const { slot } = devnet;
    await vc.propose(slot);
    expect(await devnet.stepPhase()).toBe<SlotPhase>('attest');
    await vc.attest(slot);
    expect(await devnet.stepPhase()).toBe<SlotPhase>('aggregate');
    await vc.aggregate(slot);
  }
}

/** Steps phases until one of the client's validators is to propose, and stops at the beginning of that slot. */
async function toExternalProposal(): Promise<{ slot: number; index: number }> {
  for (let i = 0; i < 256; i++) {
    if ((await devnet.stepPhase()) !== 'propose') continue;
    const index = devnet.state.epochCtx.getBeaconProposer(devnet.slot);
    if (EXTERNAL.includes(index) && devnet.chain.open!.missed === 'late') return { slot: devnet.slot, index };
  }
  throw new Error('none of them ever proposes');
}

/** What the API answers when it refuses. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('it was taken'),
    (reason) => reason,
  );
  if (!(error instanceof BeaconHttpError)) throw error;
  expect(error.status).toBe(400);
  return error.message;
}

const blocks = () => devnet.chain.store.blocks().slice(1);
const attested = () => {
  const { previousEpochParticipation: flags } = devnet.state;
  return EXTERNAL.filter((index) => flags.get(index) === 0b111);
};

test('a validator client does all duties of its validators over HTTP, and the chain finalizes by them', async () => {
  await start();
  const quietest = EXTERNAL.slice(0, 6);
  for (const index of quietest) vc.quiet.add(index);
  await slots(4 * SLOTS_PER_EPOCH + 1);
  expect(devnet.status()).toMatchObject({ external: EXTERNAL.length, finalizedEpoch: 2 });
  expect(events.filter(({ kind }) => kind === 'missed')).toEqual([]);
  const proposers = new Set(blocks().map(({ header }) => header.message.proposerIndex));
  expect(EXTERNAL.some((index) => proposers.has(index))).toBe(true);
  expect([...proposers].some((index) => !EXTERNAL.includes(index))).toBe(true);
  for (const { block, slot } of blocks().slice(1)) {
    const { syncAggregate, attestations } = block.message.body;
    expect(syncAggregate.syncCommitteeBits.getTrueBitIndexes(), `slot ${slot}`).toHaveLength(32);
    expect(attestations.length).toBeGreaterThan(0);
  }
  // Everybody whose vote was published by itself is there, timely in all three ways.
  const loud = EXTERNAL.filter((index) => !quietest.includes(index));
  expect(attested()).toEqual(expect.arrayContaining(loud));
}, 120_000);

test('votes that come in an aggregate alone are included', async () => {
  await start();
  for (const index of EXTERNAL) vc.quiet.add(index);
  await slots(2 * SLOTS_PER_EPOCH + 1);
  expect(attested()).toEqual(EXTERNAL);
});

test('nobody waits for a client that does nothing: its slots are late, and the chain goes on', async () => {
  await start();
  const results = await devnet.step(2 * SLOTS_PER_EPOCH);
  const late = results.filter(({ missed }) => missed === 'late');
  expect(late.length).toBeGreaterThan(0);
  expect(late.every(({ proposerIndex }) => EXTERNAL.includes(proposerIndex))).toBe(true);
  expect(attested()).toEqual([]);
  await devnet.takeBack(EXTERNAL);
  expect((await devnet.step(SLOTS_PER_EPOCH)).every(({ missed }) => missed === null)).toBe(true);
  expect(devnet.status().external).toBe(0);
});

test('duties change hands over the control endpoints too, and the devnet signs nothing for others', async () => {
  await start({ external: [] });
  const post = async (path: string, body: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}/holdfast/v1/${path}`, init);
    return { status: response.status, body: (await response.json()) as { data: never } };
  };
  expect(await post('duties', { validators: [8, devnet.pubkeyOf(9)], to: 'external' })).toMatchObject({ status: 200 });
  expect(devnet.status()).toMatchObject({ external: 2, remote: 0, signers: [] });
  await expect(devnet.exit(8)).rejects.toMatchObject({ code: 'DEVNET_EXTERNAL' });
  expect((await post('phase', {})).body.data).toEqual({ phase: 'propose' });
  expect((await post('duties', { validators: [8, 9], to: 'devnet' })).status).toBe(200);
  expect(devnet.status().external).toBe(0);
  expect((await post('duties', { validators: [99], to: 'external' })).status).toBe(400);
  expect((await post('duties', { validators: [8], to: 'nobody' })).status).toBe(400);
});

test('a payload that no block came for leaves no trace', async () => {
  await start();
  const { slot, index } = await toExternalProposal();
  const before = await execution.head();
  await vc.api.produceBlock({ slot, randaoReveal: vc.randao(index, slot) });
  const [result] = await devnet.step();
  expect(result).toMatchObject({ slot, root: null, missed: 'late' });
  expect(await execution.head()).toEqual(before);
  await devnet.step();
});

test('several nodes of a cluster ask for a block, and all of them publish it', async () => {
  await start();
  const { slot, index } = await toExternalProposal();
  const randaoReveal = vc.randao(index, slot);
  const graffiti = new TextEncoder().encode('holdfast'.padEnd(32, '\0'));
  const [first, second] = await Promise.all([
    vc.api.produceBlock({ slot, randaoReveal, graffiti }),
    vc.api.produceBlock({ slot, randaoReveal }),
  ]);
  expect('executionPayload' in first!.block.body).toBe(true);
  expect(first!.block.body.graffiti).toEqual(graffiti);
  expect(second!.block.body.graffiti).not.toEqual(graffiti);
  const signedBlock = { message: first!.block, signature: vc.signBlock(index, first!) };
  const send = () => vc.api.publishBlock({ fork: 'fulu', signedBlock });
  await Promise.all([send(), send(), send()]);
  expect(devnet.chain.head.header.message).toMatchObject({ slot, proposerIndex: index });
  expect(events.filter(({ kind }) => kind === 'block').length).toBe(blocks().length);
});

test('over a real EVM: a transaction waits for the block of a client that comes, and for the next when it does not', async () => {
  const edr = await createEdrExecution({ genesisTime: GENESIS_TIME });
  devnet = await Devnet.create({ execution: edr, validators: VALIDATORS, external: EXTERNAL });
  ({ url } = await devnet.listen());
  vc = new TestValidatorClient(url, devnet.config, EXTERNAL);
  const { reader, wallet, bob } = clientsOf(edr);
  const statusOf = (hash: Hex) =>
    reader.getTransactionReceipt({ hash }).then(
      ({ status }) => status,
      () => 'waits',
    );
  const { slot, index } = await toExternalProposal();
  const first = await wallet.sendTransaction({ to: bob.address, value: 1n, gas: 21_000n });
  await vc.api.produceBlock({ slot, randaoReveal: vc.randao(index, slot) });
  const second = await wallet.sendTransaction({ to: bob.address, value: 2n, gas: 21_000n });
  // It asked, and never published.
  await devnet.step();
  expect([await statusOf(first), await statusOf(second)]).toEqual(['waits', 'waits']);
  const next = await toExternalProposal();
  const third = await wallet.sendTransaction({ to: bob.address, value: 3n, gas: 21_000n });
  await vc.propose(next.slot);
  for (const hash of [first, second, third]) expect(await statusOf(hash)).toBe('success');
  const { body } = devnet.chain.head.block.message;
  expect('executionPayload' in body && body.executionPayload.transactions.length).toBeGreaterThan(0);
  await devnet.takeBack(EXTERNAL);
  await devnet.step(2);
  expect(devnet.chain.head.slot).toBe(devnet.slot);
});

test('JSON is taken as SSZ is', async () => {
  await start();
  const { slot, index } = await toExternalProposal();
  const produced = await vc.api.produceBlock({ slot, randaoReveal: vc.randao(index, slot) });
  const signedBlock = { message: produced.block, signature: vc.signBlock(index, produced) };
  const body = ssz.fulu.SignedBlockContents.toJson({ signedBlock, kzgProofs: [], blobs: [] } as never);
  const answer = await fetch(`${url}/eth/v2/beacon/blocks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'eth-consensus-version': 'fulu' },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  expect(devnet.chain.head.slot).toBe(slot);
});

test('a block that is not what it must be is refused with the reason, and the right one still taken', async () => {
  await start();
  const { slot, index } = await toExternalProposal();
  const wrongReveal = vc.randao(index, slot + SLOTS_PER_EPOCH);
  expect(await refusal(vc.api.produceBlock({ slot, randaoReveal: wrongReveal }))).toContain('randao reveal');
  expect(await refusal(vc.api.produceBlock({ slot: slot - 1, randaoReveal: wrongReveal }))).toContain('It is slot');
  const produced = await vc.api.produceBlock({ slot, randaoReveal: vc.randao(index, slot) });
  const publish = (message: unknown, signature = vc.signBlock(index, { ...produced, block: message as never })) =>
    vc.api.publishBlock({ fork: 'fulu', signedBlock: { message: message as never, signature } });
  const { block } = produced;
  const changed = (path: (copy: typeof block) => void) => {
    // Not a clone: that would keep the root that the library caches.
    const copy = ssz.fulu.BeaconBlock.deserialize(ssz.fulu.BeaconBlock.serialize(block as never)) as typeof block;
    path(copy);
    return copy;
  };
  const other = EXTERNAL.find((one) => one !== index)!;
  expect(await refusal(publish(block, vc.signBlock(other, produced)))).toContain('signature of the block');
  const badRoot = changed((copy) => void copy.stateRoot.fill(7));
  expect(await refusal(publish(badRoot))).toMatch(/state root/i);
  const badParent = changed((copy) => void copy.parentRoot.fill(7));
  expect(await refusal(publish(badParent))).toMatch(/parent root/i);
  const badPayload = changed((copy) => {
    (copy.body as { executionPayload: { gasUsed: number } }).executionPayload.gasUsed += 1;
  });
  expect(await refusal(publish(badPayload))).toContain('payload');
  const future = changed((copy) => void Object.assign(copy, { slot: slot + 3 }));
  expect(await refusal(publish(future))).toContain('has not begun');
  expect(devnet.chain.open!.missed).toBe('late');
  await publish(block);
  expect(devnet.chain.head.slot).toBe(slot);
  await devnet.stepPhase();
});

test('a second block of a slot is refused and costs its proposer its stake', async () => {
  await start();
  const { slot, index } = await toExternalProposal();
  const produce = (graffiti: string) =>
    vc.api.produceBlock({
      slot,
      randaoReveal: vc.randao(index, slot),
      graffiti: new TextEncoder().encode(graffiti.padEnd(32, '\0')),
    });
  const [one, two] = [await produce('one'), await produce('two')];
  const publish = (produced: typeof one) =>
    vc.api.publishBlock({
      fork: 'fulu',
      signedBlock: { message: produced.block, signature: vc.signBlock(index, produced) },
    });
  await publish(one);
  expect(await refusal(publish(two))).toContain('another block');
  expect(events.some(({ kind }) => kind === 'proposer_slashing')).toBe(true);
  await devnet.takeBack(EXTERNAL);
  await devnet.step(3);
  expect(devnet.state.validators.getReadonly(index).slashed).toBe(true);
});

test('two votes that contradict each other are seen, whichever way they come', async () => {
  await start();
  await slots(2);
  await devnet.stepPhase();
  const { slot } = devnet;
  await vc.propose(slot);
  await devnet.stepPhase();
  const { duties } = await vc.api.attesterDuties(devnet.epoch, EXTERNAL);
  const duty = duties.find((one) => one.slot === slot)!;
  const data = await vc.api.attestationData(slot);
  const { parentRoot } = devnet.chain.head;
  const conflicting = {
    ...ssz.phase0.AttestationData.clone(data),
    beaconBlockRoot: Buffer.from(parentRoot.slice(2), 'hex'),
  };
  const votes = [data, conflicting].map((one) => vc.vote(duty.validatorIndex, duty.committeeIndex, one));
  await vc.api.submitAttestations('fulu', votes);
  expect(events.some(({ kind }) => kind === 'attester_slashing')).toBe(true);
  await devnet.takeBack(EXTERNAL);
  await devnet.step(2);
  expect(devnet.state.validators.getReadonly(duty.validatorIndex).slashed).toBe(true);
});

test('votes, messages and aggregates that are not valid are refused with the reason, the others of the list taken', async () => {
  await start();
  await slots(1);
  await devnet.stepPhase();
  const { slot } = devnet;
  await vc.propose(slot);
  await devnet.stepPhase();
  const { duties } = await vc.api.attesterDuties(devnet.epoch, EXTERNAL);
  const [mine, yours] = [duties.find((one) => one.slot === slot)!, duties.find((one) => one.slot !== slot)!];
  const data = await vc.api.attestationData(slot);
  const good = vc.vote(mine.validatorIndex, mine.committeeIndex, data);
  const bad = [
    vc.vote(yours.validatorIndex, mine.committeeIndex, data),
    { ...good, signature: vc.vote(yours.validatorIndex, mine.committeeIndex, data).signature },
    vc.vote(mine.validatorIndex, 3, data),
    vc.vote(mine.validatorIndex, mine.committeeIndex, { ...data, slot: slot + 1 }),
    vc.vote(mine.validatorIndex, mine.committeeIndex, { ...data, source: { epoch: 9, root: data.source.root } }),
  ];
  const answer = await refusal(vc.api.submitAttestations('fulu', [...bad, good]));
  expect(answer).toContain('Refused 5 of the list');
  expect(answer).toContain('not in committee');
  const dataRoot = ssz.phase0.AttestationData.hashTreeRoot(data);
  const aggregate = await vc.api.aggregateAttestation({ slot, committeeIndex: mine.committeeIndex, dataRoot });
  expect(aggregate.aggregationBits.get(mine.validatorCommitteeIndex)).toBe(true);
  const unsigned = {
    message: { aggregatorIndex: mine.validatorIndex, aggregate, selectionProof: good.signature },
    signature: good.signature,
  };
  expect(await refusal(vc.api.publishAggregates('fulu', [unsigned]))).toContain('selection proof');
  const message = {
    slot: slot - 1,
    beaconBlockRoot: data.beaconBlockRoot,
    validatorIndex: 9,
    signature: good.signature,
  };
  expect(await refusal(vc.api.submitSyncCommitteeMessages([message]))).toContain('message is of slot');
  expect(await refusal(vc.api.attestationData(slot + 1))).toContain(`It is slot ${slot}`);
  expect(
    await refusal(vc.api.publishContributions([ssz.altair.SignedContributionAndProof.defaultValue()])),
  ).toBeTruthy();
  expect(
    await refusal(vc.api.registerValidators([ssz.bellatrix.SignedValidatorRegistrationV1.defaultValue()])),
  ).toBeTruthy();
});

test('who was seen at work is live before any block says so', async () => {
  await start();
  await devnet.stepPhase();
  const { slot } = devnet;
  await vc.propose(slot);
  await devnet.stepPhase();
  await vc.attest(slot);
  const { duties } = await vc.api.attesterDuties(0, EXTERNAL);
  const liveness = await vc.api.liveness(0, EXTERNAL);
  for (const { validatorIndex, isLive } of liveness) {
    expect(isLive).toBe(duties.some((duty) => duty.validatorIndex === validatorIndex && duty.slot === slot));
  }
  expect(await vc.api.version()).toContain('Holdfast');
  expect(await vc.api.syncing()).toMatchObject({ isSyncing: false });
  await vc.api.subscribeCommittees([
    { validatorIndex: 9, committeeIndex: 0, committeesAtSlot: 1, slot, isAggregator: true },
  ]);
  await vc.api.subscribeSyncCommittees([{ validatorIndex: 9, syncCommitteeIndices: [1], untilEpoch: 8 }]);
  await vc.api.prepareProposers([{ validatorIndex: 9, feeRecipient: `0x${'ab'.repeat(20)}` }]);
});

test('by the clock, a client has each part of the slot', async () => {
  await start({ secondsPerSlot: 2, external: [] });
  await devnet.handOver(EXTERNAL);
  const phases: string[] = [];
  const work: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  devnet.on((event) => {
    if (event.kind !== 'phase') return;
    phases.push(event.phase);
    const { phase, slot } = event;
    work.push(Promise.resolve(vc[phase](slot)).catch((error: unknown) => failures.push(error)));
  });
  devnet.start();
  await expect.poll(() => devnet.slot, { timeout: 15_000, interval: 50 }).toBeGreaterThanOrEqual(3);
  await devnet.stop();
  await Promise.all(work);
  expect(failures).toEqual([]);
  expect(phases.slice(0, 6)).toEqual(['propose', 'attest', 'aggregate', 'propose', 'attest', 'aggregate']);
  expect(events.filter(({ kind }) => kind === 'missed')).toEqual([]);
  await expect(devnet.snapshot()).rejects.toMatchObject({ code: 'DEVNET_MID_SLOT' });
  await devnet.step();
  await devnet.restore(await devnet.snapshot());
});

import type { Pubkey } from '@holdfast/units';
import { interopSecretKey } from '@lodestar/state-transition';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ChainEvent,
  createRemoteSigner,
  type Devnet,
  type DutyRequest,
  makeDepositData,
  signDepositData,
  withdrawalCredentials,
} from '../src/index.ts';
import { randaoRequest } from '../src/signing/requests.ts';
import { fakeDevnet, SLOTS_PER_EPOCH } from './devnet-kit.ts';
import { SignerServer } from './signer-server.ts';

/** Behind the signer; the others sign in the devnet. */
const REMOTE = Array.from({ length: 10 }, (_, i) => i);

let devnet: Devnet;
let server: SignerServer;
let events: ChainEvent[];
afterEach(async () => {
  await devnet?.close();
  await server?.stop();
});

async function start(options: Parameters<typeof fakeDevnet>[0] = {}, timeoutMs = 5_000): Promise<void> {
  ({ devnet } = await fakeDevnet({ validators: 32, ...options }));
  server = await SignerServer.start(REMOTE.map((index) => interopSecretKey(index).toBytes()));
  await devnet.signThrough(createRemoteSigner({ url: server.url, timeoutMs }), REMOTE);
  events = [];
  devnet.on((event) => events.push(event));
}

const validator = (index: number) => devnet.state.validators.getReadonly(index);
const missed = () => events.filter((event) => event.kind === 'duty_missed');
const callsOf = (type: string) => server.calls.filter((call) => call.type === type);

test('every duty of a validator behind a signer is asked for there, and done', async () => {
  await start();
  const results = await devnet.step(4 * SLOTS_PER_EPOCH);
  expect(results.every((slot) => slot.missed === null)).toBe(true);
  expect(missed()).toEqual([]);
  expect(devnet.status()).toMatchObject({
    remote: REMOTE.length,
    dutiesMissed: 0,
    signers: [new URL(server.url).host],
  });
  for (const index of REMOTE) expect(devnet.state.previousEpochParticipation.get(index)).toBe(0b111);
  for (const { block } of devnet.chain.store.blocks().slice(2)) {
    expect(block.message.body.syncAggregate.syncCommitteeBits.getTrueBitIndexes()).toHaveLength(32);
  }
  // Once an epoch each; who would have voted in slot 0 has one less.
  expect(callsOf('ATTESTATION').length).toBeGreaterThanOrEqual(3 * REMOTE.length);
  const proposed = results.filter(({ proposerIndex }) => REMOTE.includes(proposerIndex)).length;
  expect(proposed).toBeGreaterThan(0);
  for (const type of ['BLOCK_V2', 'RANDAO_REVEAL']) expect(callsOf(type)).toHaveLength(proposed);
  for (const type of [
    ...['SYNC_COMMITTEE_MESSAGE', 'AGGREGATION_SLOT', 'AGGREGATE_AND_PROOF_V2'],
    ...['SYNC_COMMITTEE_SELECTION_PROOF', 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF'],
  ]) {
    expect(callsOf(type).length, type).toBeGreaterThan(0);
  }
  const block = callsOf('BLOCK_V2')[0]!.body;
  expect(block).toMatchObject({
    fork_info: { fork: { epoch: '0' }, genesis_validators_root: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
    beacon_block: { version: 'FULU', block_header: { slot: expect.any(String) } },
  });
  // Asked at once, over connections that stay.
  expect(server.underWayMax).toBeGreaterThan(1);
  expect(server.connections.size).toBeLessThan(server.calls.length / 8);
});

test('signed through a signer or not, the chain is the same', async () => {
  await start();
  // The sync committee of slot 0 has nobody to ask yet: let the first block be made by keys.
  await devnet.takeBack(REMOTE);
  await devnet.stepPhase();
  await devnet.signThrough(createRemoteSigner({ url: server.url }), REMOTE);
  await devnet.step(2 * SLOTS_PER_EPOCH);
  const { stateRoot } = devnet.chain.head;
  const { devnet: plain } = await fakeDevnet({ validators: 32 });
  await plain.step(2 * SLOTS_PER_EPOCH);
  expect(stateRoot).toBe(plain.chain.head.stateRoot);
  await plain.close();
});

describe('slashing protection in the signer holds against a client that would equivocate', () => {
  test.each(['doubleVote', 'surroundVote'] as const)('%s', async (kind) => {
    await start();
    await devnet.step(4 * SLOTS_PER_EPOCH);
    await devnet.inject({ kind, validators: [3, 20] });
    await devnet.step(2 * SLOTS_PER_EPOCH);
    // The one whose key is in the devnet has nobody to stop it.
    expect(validator(20).slashed).toBe(true);
    expect(devnet.status().faults).toEqual([]);
    if (kind === 'doubleVote') {
      expect(validator(3).slashed).toBe(false);
      const [refused, ...more] = missed();
      expect(more).toEqual([]);
      expect(refused).toMatchObject({ duty: 'ATTESTATION', failure: 'refused', pubkey: devnet.pubkeyOf(3) });
      expect(refused!.reason).toContain('slashable: target');
    }
  });

  test('doubleProposal', async () => {
    await start();
    await devnet.step(SLOTS_PER_EPOCH);
    await devnet.inject({ kind: 'doubleProposal', validators: REMOTE, atOnce: false });
    await devnet.step(2 * SLOTS_PER_EPOCH);
    expect(missed().length).toBeGreaterThan(0);
    expect(missed().every(({ duty, failure }) => duty === 'BLOCK_V2' && failure === 'refused')).toBe(true);
    expect(REMOTE.some((index) => validator(index).slashed)).toBe(false);
    expect(events.some(({ kind }) => kind === 'proposer_slashing')).toBe(false);
  });

  test('without it the same client is slashed: the protection is what holds', async () => {
    await start();
    const unprotected = await SignerServer.start([interopSecretKey(3).toBytes()]);
    unprotected.protects = false;
    await devnet.signThrough(createRemoteSigner({ url: unprotected.url }), [3]);
    await devnet.step(2);
    await devnet.inject({ kind: 'doubleVote', validators: [3] });
    await devnet.step(2 * SLOTS_PER_EPOCH);
    expect(validator(3).slashed).toBe(true);
    await unprotected.stop();
  });
});

test('a signer that is saturated, gone or slow costs duties, not the chain', async () => {
  await start({}, 600);
  await devnet.step(2);
  for (const [bend, word] of [
    [() => ({ status: 503, body: '{"message":"busy"}' }), 'busy'],
    [() => 'break' as const, ''],
    [() => 'hang' as const, ''],
  ] as const) {
    events.length = 0;
    server.bend = bend;
    await devnet.stepUntil(() => missed().some(({ duty }) => duty === 'ATTESTATION'), SLOTS_PER_EPOCH);
    expect(missed().every(({ failure }) => failure === 'unavailable')).toBe(true);
    expect(missed()[0]!.reason).toContain(word);
    expect(missed()[0]!.reason).not.toContain('{');
  }
  server.bend = () => null;
  events.length = 0;
  await devnet.step(2 * SLOTS_PER_EPOCH);
  expect(missed()).toEqual([]);
});

test('a proposal that its signer does not sign is missed, and its payload dropped', async () => {
  await start();
  const { execution } = devnet;
  server.bend = ({ type }) => (type === 'BLOCK_V2' ? { status: 412, body: 'no' } : null);
  let before = await execution.head();
  for (let i = 0; i < 64; i++) {
    const [slot] = await devnet.step();
    if (slot!.missed !== null) {
      expect(slot).toMatchObject({ missed: 'refused', root: null });
      expect(await execution.head()).toEqual(before);
      server.bend = () => null;
      expect((await devnet.step())[0]!.root).not.toBeNull();
      return;
    }
    before = await execution.head();
  }
  throw new Error('no validator behind the signer ever proposed');
});

describe('an answer that is no signature of this key on this root', () => {
  const request = (): DutyRequest => randaoRequest(devnet.config, 1);
  const failureOf = (pubkey: Pubkey, url = server.url) =>
    createRemoteSigner({ url, timeoutMs: 1_000 })
      .sign(pubkey, request())
      .then(
        () => 'signed',
        (error: { failure: string }) => error.failure,
      );

  test.each<[string, string, string]>([
    ['another key’s', JSON.stringify({ signature: `0x${'c0'.padEnd(192, '0')}` }), 'badSignature'],
    ['no point', JSON.stringify({ signature: `0x${'11'.repeat(96)}` }), 'badSignature'],
    ['too short', JSON.stringify({ signature: '0x12' }), 'badSignature'],
    ['no JSON', '<html>', 'badSignature'],
    ['endless', 'x'.repeat(1_000_000), 'badSignature'],
  ])('%s', async (_name, body, failure) => {
    await start();
    server.bend = () => ({ status: 200, body });
    expect(await failureOf(devnet.pubkeyOf(0))).toBe(failure);
  });

  test('of another root', async () => {
    await start();
    const other = await createRemoteSigner({ url: server.url }).sign(
      devnet.pubkeyOf(0),
      randaoRequest(devnet.config, 8),
    );
    server.bend = () => ({
      status: 200,
      body: JSON.stringify({ signature: `0x${Buffer.from(other).toString('hex')}` }),
    });
    expect(await failureOf(devnet.pubkeyOf(0))).toBe('badSignature');
  });

  test('text is an answer, an unknown key and a bad request are not', async () => {
    await start();
    server.asText = true;
    expect(await failureOf(devnet.pubkeyOf(0))).toBe('signed');
    expect(await failureOf(devnet.pubkeyOf(20))).toBe('unable');
    server.bend = () => ({ status: 400, body: 'what?' });
    expect(await failureOf(devnet.pubkeyOf(0))).toBe('unable');
  });

  test('the token goes along and into no error', async () => {
    await start();
    server.token = 'open sesame';
    const pubkey = devnet.pubkeyOf(0);
    const sign = (bearerToken: string) => createRemoteSigner({ url: server.url, bearerToken }).sign(pubkey, request());
    expect(await sign('open sesame')).toHaveLength(96);
    const error: unknown = await sign('guessed token').catch((reason) => reason);
    expect(error).toMatchObject({ failure: 'unable' });
    expect(JSON.stringify(error) + String(error)).not.toContain('guessed');
    for (const url of ['ftp://x', 'http://user:word@host', 'nonsense']) {
      expect(() => createRemoteSigner({ url })).toThrow(expect.objectContaining({ code: 'DEVNET_SIGNER_URL' }));
    }
  });
});

test('exits are signed by the signer too', async () => {
  await start();
  await devnet.step(3 * SLOTS_PER_EPOCH);
  await devnet.exit(5);
  expect(callsOf('VOLUNTARY_EXIT')).toHaveLength(1);
  await devnet.step(2);
  expect(validator(5).exitEpoch).not.toBe(Number.POSITIVE_INFINITY);
});

test('a deposit is the same, signed by the signer or with the key', async () => {
  await start();
  const deposit = {
    withdrawalCredentials: withdrawalCredentials('0x02', `0x${'0e'.repeat(20)}`),
    amount: 32_000_000_000n,
  };
  const signer = createRemoteSigner({ url: server.url });
  const signed = await signDepositData({ signer, pubkey: devnet.pubkeyOf(3), ...deposit });
  expect(signed).toEqual(makeDepositData({ secretKey: interopSecretKey(3).toBytes(), ...deposit }));
  const { body } = callsOf('DEPOSIT')[0]!;
  expect(body).not.toHaveProperty('fork_info');
  expect(body).toMatchObject({ deposit: { amount: '32000000000', genesis_fork_version: '0x00000001' } });
});

import { getClient } from '@lodestar/api';
import { ssz } from '@lodestar/types';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Devnet, Tamper } from '../src/index.ts';
import { fakeDevnet, secretKey } from './devnet-kit.ts';

let devnet: Devnet;
let url: string;

beforeEach(async () => {
  ({ devnet } = await fakeDevnet({ validators: 32 }));
  await devnet.step(10);
  ({ url } = await devnet.listen());
});
afterEach(() => devnet.close());

async function post(path: string, body?: unknown) {
  const response = await fetch(`${url}/holdfast/v1/${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as { data: never; message?: string } };
}

const head = async () => (await fetch(`${url}/eth/v1/beacon/headers/head`)).json() as Promise<Header>;
interface Header {
  data: { root: string; header: { message: { slot: string; state_root: string } } };
}

test('step, faults, keys and status', async () => {
  expect((await post('step', { slots: 2 })).body.data).toHaveLength(2);
  expect((await post('step')).body.data).toHaveLength(1);
  expect(devnet.slot).toBe(13);
  const { body } = await post('faults', { kind: 'offline', validators: [3, devnet.pubkeyOf(4)] });
  expect(body.data).toEqual([devnet.pubkeyOf(3), devnet.pubkeyOf(4)]);
  expect((await post('keys', { secretKeys: [secretKey(1)] })).body.data).toHaveLength(1);
  const status = (await (await fetch(`${url}/holdfast/v1/status`)).json()) as { data: unknown };
  expect(status.data).toMatchObject({ slot: 13, headSlot: 13, validators: 32, keys: 33, running: false });
  expect(status.data).toMatchObject({ faults: [{ kind: 'offline' }, { kind: 'offline' }] });
});

test.each([
  ['faults', { kind: 'nonsense', validators: [1] }],
  ['faults', { kind: 'offline', validators: [] }],
  ['faults', { kind: 'offline', validators: [32] }],
  ['faults', { kind: 'offline', validators: [1], forSlots: 0 }],
  ['keys', { secretKeys: ['0x12'] }],
  ['keys', { secretKeys: [`0x${'ff'.repeat(32)}`] }],
  ['tamper', { kind: 'lyingBalances' }],
  ['tamper', { kind: 'nonsense' }],
  ['step', { slots: 0 }],
])('%s refuses %j with 400', async (path, body) => {
  const answer = await post(path, body);
  expect(answer.status).toBe(400);
  expect(answer.body.message).toEqual(expect.any(String));
});

test('a node that lies about balances gives out a state that is not the one in the header', async () => {
  const client = getClient({ baseUrl: url }, { config: devnet.config });
  const read = async () => {
    const bytes = (await client.debug.getStateV2({ stateId: 'head' })).ssz();
    const state = ssz.fulu.BeaconState.deserialize(bytes);
    const { balance } = (await client.beacon.getStateValidator({ stateId: 'head', validatorId: 2 })).value();
    return { balance, inState: state.balances[2], root: ssz.fulu.BeaconState.hashTreeRoot(state) };
  };
  const honest = await read();
  const stateRoot = Buffer.from(devnet.chain.head.stateRoot.slice(2), 'hex');
  expect(Buffer.from(honest.root)).toEqual(stateRoot);
  await post('tamper', { kind: 'lyingBalances', gwei: 5, validators: [2] });
  const lie = await read();
  expect(lie).toMatchObject({ balance: honest.balance + 5, inState: honest.balance + 5 });
  expect(Buffer.from(lie.root)).not.toEqual(stateRoot);
  // The chain is not touched: it goes on, and healed it is told truly.
  await devnet.step(2);
  await post('tamper', { kind: 'none' });
  const healed = await read();
  expect(healed.balance).toBe(devnet.state.balances.get(2));
});

test('a node with a wrong state root shows it in headers', async () => {
  const honest = await head();
  devnet.tamper({ kind: 'wrongStateRoot' });
  const lie = await head();
  expect(lie.data.root).toBe(honest.data.root);
  expect(lie.data.header.message.state_root).not.toBe(honest.data.header.message.state_root);
});

test('error500 fails what it is told to, never the control endpoints', async () => {
  const tamper: Tamper = { kind: 'error500', path: '/eth/v1/beacon/headers' };
  devnet.tamper(tamper);
  const failed = await fetch(`${url}/eth/v1/beacon/headers/head`);
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ code: 500 });
  expect((await fetch(`${url}/eth/v1/node/health`)).status).toBe(200);
  expect((await post('tamper', { kind: 'none' })).status).toBe(200);
  expect((await head()).data.header.message.slot).toBe('10');
});

test('stall leaves requests hanging until it is over', async () => {
  devnet.tamper({ kind: 'stall' });
  await expect(fetch(`${url}/eth/v1/node/health`, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
  const patient = head();
  devnet.tamper(null);
  expect((await patient).data.header.message.slot).toBe('10');
});

/** Reads server-sent events until `count` of them came. */
async function listen(topics: string, count: number): Promise<{ event: string; data: Record<string, unknown> }[]> {
  const response = await fetch(`${url}/eth/v1/events?topics=${topics}`);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (text.split('\n\n').length <= count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text
    .split('\n\n')
    .filter(Boolean)
    .map((part) => {
      const [event, data] = part.split('\n');
      return { event: event!.slice('event: '.length), data: JSON.parse(data!.slice('data: '.length)) };
    });
}

test('events come by SSE as they happen', async () => {
  const heard = listen('head,block,finalized_checkpoint', 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await devnet.step();
  const events = await heard;
  expect(events.map(({ event }) => event)).toEqual(['block', 'head']);
  expect(events[1]!.data).toMatchObject({
    slot: '11',
    block: devnet.chain.head.root,
    state: devnet.chain.head.stateRoot,
  });

  const rare = listen('attester_slashing,proposer_slashing,voluntary_exit,finalized_checkpoint', 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await devnet.step(9);
  await devnet.exit(20);
  await devnet.inject({ kind: 'doubleVote', validators: [1], atOnce: true });
  await devnet.inject({ kind: 'doubleProposal', validators: [2], atOnce: true });
  await devnet.step(12);
  expect((await rare).map(({ event }) => event)).toEqual([
    'voluntary_exit',
    'attester_slashing',
    'proposer_slashing',
    'finalized_checkpoint',
  ]);
});

test('a page of another origin, or one that rebinds its name, may not drive the devnet', async () => {
  const ask = (headers: Record<string, string>) => fetch(`${url}/holdfast/v1/step`, { method: 'POST', headers });
  expect((await ask({ origin: 'https://example.org' })).status).toBe(403);
  expect(devnet.slot).toBe(10);
  const friendly = await ask({ origin: 'http://localhost:5173' });
  expect(friendly.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
  expect(devnet.slot).toBe(11);
});

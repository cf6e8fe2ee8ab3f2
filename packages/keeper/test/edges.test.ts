import type { DevnetSnapshot } from '@holdfast/devnet';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createKeeper, type Keeper, type KeeperOptions, type LogEvent, type TickReport } from '../src/index.ts';
import { type Fate, FlakyProxy } from './support/FlakyProxy.ts';
import { randomFrom } from './support/random.ts';
import { clientsFor, World } from './support/World.ts';

// A keeper behind nodes that fail. Each test begins with two validators to prove and to fund.
let world: World;
let start: DevnetSnapshot;
let rpc: FlakyProxy;
let beacon: FlakyProxy;
let log: LogEvent[];

beforeAll(async () => {
  world = await World.start();
  const operator = await world.register(1);
  await world.offer(1, operator, 1);
  await world.offer(1, operator, 2);
  await world.stake('70');
  await world.devnet.stepUntil(() => world.devnet.state.validators.length === 34, 100);
  await world.devnet.step();
  start = await world.devnet.snapshot();
}, 120_000);
afterAll(() => world?.close());

beforeEach(async () => {
  await world.devnet.restore(start);
  [rpc, beacon] = [await FlakyProxy.start(world.rpcUrl), await FlakyProxy.start(world.beaconUrl)];
  log = [];
});
afterEach(async () => {
  world.devnet.tamper(null);
  await Promise.all([rpc.close(), beacon.close()]);
});

function keeperOf(account: number, options: KeeperOptions = {}, beaconUrls = [beacon.url]): Keeper {
  const { publicClient, wallet, beaconClient } = clientsFor(rpc.url, beaconUrls, world.manifest.chainId);
  return createKeeper({
    manifest: world.manifest,
    ...{ publicClient, beaconClient, walletClient: wallet(account), log: (event: LogEvent) => void log.push(event) },
    options: { checkpointEveryS: 96, beaconTimeoutMs: 10_000, ...options },
  });
}

const statuses = async (): Promise<string[]> => (await world.snapshot()).validators.map(({ status }) => status);

/** Rounds and slots by turns until both validators are funded and a checkpoint is finished. */
async function untilKept(keeper: Keeper, roundsMax: number): Promise<TickReport[]> {
  const reports: TickReport[] = [];
  for (let round = 0; round < roundsMax; round += 1) {
    reports.push(await keeper.tick());
    await world.devnet.step();
    if (round % 3 !== 0) continue;
    const { checkpoint, validators } = await world.snapshot();
    const funded = validators.every(({ status, balanceSlot }) => status === 'funded' && balanceSlot > 0);
    if (funded && !checkpoint.open) return reports;
  }
  throw new Error(
    `not kept after ${roundsMax} rounds: ${await statuses()} ${log.slice(-5).map((e) => JSON.stringify(e))}`,
  );
}

const landedTwice = (reports: readonly TickReport[]): string[] => {
  const fundings = reports
    .flatMap(({ landed }) => landed)
    .filter(({ kind, outcome }) => kind === 'fund' && outcome === 'success');
  return fundings.map(({ key }) => key).filter((key, i, keys) => keys.indexOf(key) !== i);
};

test('without a beacon node the keeper says so, does what needs none, and goes on when one is back', async () => {
  world.devnet.tamper({ kind: 'error500' });
  const keeper = keeperOf(15);
  const report = await keeper.tick();
  expect(report).toMatchObject({ ok: true, actions: [], provenSlot: null });
  expect(report.errors.map(({ part, code }) => [part, code])).toEqual([['beacon', 'BEACON_HTTP']]);
  world.devnet.tamper(null);
  await untilKept(keeper, 60);
  expect(keeper.metrics()).toContain('holdfast_keeper_errors_total{part="beacon"} 1');
}, 120_000);

test('a node that stalls in the middle of a life costs rounds, not the pool', async () => {
  const keeper = keeperOf(15, { beaconTimeoutMs: 1_500 });
  expect((await keeper.tick()).provenSlot).not.toBeNull();
  await world.devnet.step();
  beacon.fate = () => 'stall';
  const report = await keeper.tick();
  // The last state can still be proven: decisions rest on it, and the log says why.
  expect(report.ok).toBe(true);
  expect(report.provenSlot).not.toBeNull();
  expect(report.errors[0]).toMatchObject({ part: 'beacon', code: 'KEEPER_TIMEOUT' });
  beacon.fate = () => 'pass';
  await untilKept(keeper, 80);
}, 120_000);

const flipByte = (at: number): Fate => ({
  alter: (answer) => {
    answer[at] = answer[at]! ^ 1;
    return answer;
  },
});
const otherRoot: Fate = { alter: (answer) => Buffer.from(answer.toString().replace(/("state_root":"0x)./, '$10')) };

test.each([
  ['answers 500', (): Fate => 'error500'],
  ['hangs up', (): Fate => 'drop'],
  ['garbles states', (path: string): Fate => (path.includes('/debug/') ? flipByte(40) : 'pass')],
  ['lies about headers', (path: string): Fate => (path.includes('/headers/') ? otherRoot : 'pass')],
  ['answers no JSON', (): Fate => ({ answer: '<html>' })],
])(
  'beside an honest node, one that %s changes nothing',
  async (_name, fate) => {
    beacon.fate = fate;
    const reports = await untilKept(keeperOf(15, {}, [beacon.url, world.beaconUrl]), 60);
    expect(beacon.requests).toBeGreaterThan(0);
    expect(reports.flatMap(({ errors }) => errors)).toEqual([]);
    expect(reports.flatMap(({ actions }) => actions).filter(({ outcome }) => outcome !== 'sent')).toEqual([]);
    expect(reports.flatMap(({ landed }) => landed).filter(({ outcome }) => outcome !== 'success')).toEqual([]);
  },
  60_000,
);

test.each([
  ['other balances', { kind: 'lyingBalances', gwei: 5_000_000_000 }],
  ['another state root', { kind: 'wrongStateRoot' }],
] as const)(
  'while the only node shows %s, nothing is proven from it',
  async (_name, tamper) => {
    const keeper = keeperOf(15);
    const lies: TickReport[] = [];
    for (let round = 0; round < 12; round += 1) {
      const lying = round % 2 === 0;
      world.devnet.tamper(lying ? tamper : null);
      const report = await keeper.tick();
      if (lying) lies.push(report);
      await world.devnet.step();
    }
    world.devnet.tamper(null);
    await untilKept(keeper, 60);
    for (const { ok, errors } of lies) {
      expect(ok).toBe(true);
      expect(errors.map(({ code }) => code)).toContain('BEACON_LIE');
    }
    expect(log.filter(({ event }) => event === 'action.failed' || event === 'transaction.reverted')).toEqual([]);
  },
  60_000,
);

test('an RPC that drops requests and loses answers, sent transactions among them, makes nothing happen twice', async () => {
  const seed = 7;
  const random = randomFrom(seed);
  rpc.fate = () => {
    const drawn = random();
    return drawn < 0.01 ? 'drop' : drawn < 0.02 ? 'lost' : drawn < 0.025 ? 'error500' : 'pass';
  };
  const reports = await untilKept(keeperOf(15), 150);
  expect(reports.some(({ ok }) => !ok)).toBe(true);
  expect(landedTwice(reports)).toEqual([]);
}, 120_000);

test('an answer lost after the transaction was sent does not send it again', async () => {
  const keeper = keeperOf(15);
  rpc.fate = (_path, body) => (body.includes('eth_sendRawTransaction') ? 'lost' : 'pass');
  const first = await keeper.tick();
  expect(first.actions.map(({ outcome, hash }) => [outcome, hash])).toEqual([
    ['sent', null],
    ['sent', null],
  ]);
  expect(first.inFlight).toBe(2);
  rpc.fate = () => 'pass';
  const second = await keeper.tick();
  expect(second.actions).toEqual([]);
  await world.devnet.step();
  const third = await keeper.tick();
  expect(third.landed.map(({ outcome }) => outcome)).toEqual(['replaced', 'replaced']);
  expect(await statuses()).toEqual(['proven', 'proven']);
}, 120_000);

test('a transaction that nobody mines is sent again for more', async () => {
  const keeper = keeperOf(15);
  const swallowed: string[] = [];
  rpc.fate = (_path, body) => {
    if (!body.includes('eth_sendRawTransaction')) return 'pass';
    swallowed.push(body);
    const [{ id }] = [JSON.parse(body)].flat() as [{ id: number }];
    const result = `0x${'11'.repeat(32)}`;
    return {
      answer: JSON.stringify(body.startsWith('[') ? [{ jsonrpc: '2.0', id, result }] : { jsonrpc: '2.0', id, result }),
    };
  };
  await keeper.tick();
  expect(swallowed).toHaveLength(2);
  rpc.fate = () => 'pass';
  const reports: TickReport[] = [];
  for (let round = 0; round < 5; round += 1) {
    await world.devnet.step();
    reports.push(await keeper.tick());
  }
  expect(reports.flatMap(({ replaced }) => replaced)).toEqual(['proveCredentials:1', 'proveCredentials:2']);
  expect(reports.flatMap(({ landed }) => landed).map(({ key, outcome }) => [key, outcome])).toContainEqual([
    'proveCredentials:2',
    'success',
  ]);
  await untilKept(keeper, 60);
}, 120_000);

test('what is no longer wanted makes way: the stuck transaction is replaced by one that does nothing', async () => {
  const [late, quick] = [keeperOf(15), keeperOf(16)];
  rpc.fate = (_path, body) => {
    if (!body.includes('eth_sendRawTransaction')) return 'pass';
    const [{ id }] = [JSON.parse(body)].flat() as [{ id: number }];
    const answer = { jsonrpc: '2.0', id, result: `0x${'22'.repeat(32)}` };
    return { answer: JSON.stringify(body.startsWith('[') ? [answer] : answer) };
  };
  await late.tick();
  rpc.fate = () => 'pass';
  await quick.tick();
  await world.devnet.step(4);
  expect(await statuses()).toEqual(['proven', 'proven']);
  expect((await late.tick()).replaced).toEqual(['proveCredentials:1', 'proveCredentials:2']);
  await world.devnet.step();
  expect((await late.tick()).landed.slice(0, 2).map(({ outcome }) => outcome)).toEqual(['replaced', 'replaced']);
}, 120_000);

test('after a restart, transactions of the former life are given time to land', async () => {
  await keeperOf(15).tick();
  const second = keeperOf(15);
  expect(await second.tick()).toMatchObject({ ok: true, waitsForOwn: true, actions: [] });
  await world.devnet.step();
  const report = await second.tick();
  expect(report.waitsForOwn).toBe(false);
  expect(report.actions.map(({ key }) => key)).toEqual(['fund:1']);
}, 120_000);

test('a node that goes back is not believed at once', async () => {
  const keeper = keeperOf(15);
  await world.devnet.step(3);
  await keeper.tick();
  await world.devnet.restore(start);
  const reports = [await keeper.tick(), await keeper.tick(), await keeper.tick(), await keeper.tick()];
  expect(reports.map(({ ok }) => ok)).toEqual([false, false, false, true]);
  expect(reports[0]!.errors[0]).toMatchObject({ part: 'pool', code: 'KEEPER_RPC_BEHIND' });
}, 120_000);

test('while gas is dear, only what is urgent is done', async () => {
  const report = await keeperOf(15, { baseFeeWeiMax: 0n }).tick();
  expect(report.actions.map(({ key, outcome }) => [key, outcome])).toEqual([
    ['proveCredentials:1', 'postponed'],
    ['proveCredentials:2', 'postponed'],
  ]);
}, 120_000);

test('it refuses another chain, and a wallet without an account', async () => {
  const keeper = createKeeper({
    ...{ publicClient: world.publicClient, beaconClient: world.beaconClient, walletClient: world.wallet(15) },
    manifest: { ...world.manifest, chainId: 1 },
  });
  expect(await keeper.tick()).toMatchObject({ ok: false, errors: [{ code: 'KEEPER_CONFIG' }] });
  const { account: _account, ...walletClient } = world.wallet(15);
  const { manifest, publicClient, beaconClient } = world;
  const without = { manifest, publicClient, beaconClient, walletClient: walletClient as never };
  expect(() => createKeeper(without)).toThrow('needs a wallet client with an account');
  expect(() => keeperOf(15, { pollMs: 0 })).toThrow('pollMs');
});

test('run follows the heads, stops when told, and shows how it is', async () => {
  const keeper = keeperOf(15, { pollMs: 60_000 }, [world.beaconUrl]);
  const { url } = await keeper.serve();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const running = keeper.run();
  const ended = () => log.filter(({ event }) => event === 'round.ended').length;
  for (let slots = 0; slots < 200 && ended() < 5; slots += 1) {
    await world.devnet.step();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(ended()).toBeGreaterThanOrEqual(5);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/# TYPE holdfast_keeper_ticks_total counter\nholdfast_keeper_ticks_total\{result="ok"\} \d+/);
  expect(metrics).toMatch(/holdfast_keeper_actions_total\{kind="proveCredentials",outcome="sent"\} 2/);
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  await keeper.stop();
  await running;
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
}, 120_000);

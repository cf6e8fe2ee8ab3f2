import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, control, holdfast, isAlive, killAll, temporary } from './support/cli.ts';

interface Ready {
  readonly beaconUrl: string;
}

interface Node {
  readonly node: number;
  readonly pid: number;
  readonly statusUrl: string;
  readonly directory: string;
}

interface NodeStatus {
  readonly stopped: string | null;
  readonly slot: number;
  readonly nodes: readonly { readonly up: boolean }[];
  readonly duties: readonly { readonly duty: string; readonly slot: number; readonly missed?: string }[];
}

const GENESIS_VALIDATORS = 32;
const POOL = [32, 33, 34];
const SLOTS_PER_EPOCH = 8;

let dir: ReturnType<typeof temporary>;
let up: Cli;
let ready: Ready;
let nodes: readonly Node[] = [];

beforeAll(async () => {
  dir = temporary();
  up = new Cli(
    [
      ...['up', '--slot-seconds', '1', '--no-dashboard', '--json'],
      ...['--rpc-port', '0', '--beacon-port', '0', '--data-dir', join(dir.path, 'data')],
      ...['--operators', '1', '--keys', `${POOL.length}`, '--validators', `${GENESIS_VALIDATORS}`],
    ],
    { cwd: dir.path },
  );
  ready = (await up.ready()) as unknown as Ready;
}, 180_000);
afterAll(async () => {
  await killAll();
  // Should `up` have been killed, its nodes find out and end by themselves.
  for (let i = 0; i < 50 && nodes.some(({ pid }) => isAlive(pid)); i++) await sleep(200);
  expect(nodes.filter(({ pid }) => isAlive(pid))).toEqual([]);
  dir.dispose();
});

const slotNow = async (): Promise<number> => ((await control(ready.beaconUrl, 'status')) as { slot: number }).slot;

/** How many of the pool's validators attested in an epoch, as the chain knows it. */
async function liveIn(epoch: number): Promise<number> {
  const response = await fetch(`${ready.beaconUrl}/eth/v1/validator/liveness/${epoch}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(POOL.map(String)),
  });
  const { data } = (await response.json()) as { data: { is_live: boolean }[] };
  return data.filter(({ is_live }) => is_live).length;
}

/** Waits for an epoch, begun after now, in which all of them attested. */
async function allAttest(): Promise<void> {
  const first = Math.floor((await slotNow()) / SLOTS_PER_EPOCH) + 1;
  for (let epoch = first; epoch < first + 4; epoch++) {
    while ((await slotNow()) < epoch * SLOTS_PER_EPOCH) await sleep(200);
    while ((await slotNow()) < (epoch + 1) * SLOTS_PER_EPOCH + 1) {
      if ((await liveIn(epoch)) === POOL.length) return;
      await sleep(200);
    }
  }
  throw new Error(`not all attested in any of the epochs ${first} to ${first + 3}`);
}

async function statusOf({ statusUrl }: Node): Promise<NodeStatus> {
  return (await (await fetch(`${statusUrl}/status`)).json()) as NodeStatus;
}

test('the cluster takes over from the devnet, and every validator attests', async () => {
  const told = (await up.line(({ event }) => event === 'clusters')) as unknown as {
    clusters: readonly { name: string; validators: number; nodes: readonly Node[] }[];
  };
  expect(told.clusters).toMatchObject([{ name: 'Anchor', validators: POOL.length }]);
  nodes = told.clusters[0]!.nodes;
  expect(nodes).toHaveLength(4);
  expect(await control(ready.beaconUrl, 'status')).toMatchObject({ external: POOL.length });
  for (const { directory } of nodes) expect(existsSync(join(directory, 'protection.sqlite'))).toBe(true);
  const lock = join(nodes[0]!.directory, 'lock.json');
  const verified = await holdfast(['cluster', 'verify', lock], { cwd: dir.path });
  expect(verified).toMatchObject({ code: 0 });
  await allAttest();
}, 90_000);

test('what only its nodes can be made to do is refused, and what the cluster refuses is said', async () => {
  const fault = (kind: string, ...more: string[]) =>
    holdfast(['fault', kind, '--validators', `${POOL[0]}`, '--devnet-url', ready.beaconUrl, ...more], {
      cwd: dir.path,
    });
  const offline = await fault('offline');
  expect(offline.code).toBe(2);
  expect(offline.err).toContain('kill, freeze or cut off enough of its nodes');
  expect((await fault('wrongFeeRecipient', '--for-slots', '1')).out).toContain('signs none of them');
}, 30_000);

test('one node killed costs nothing', async () => {
  process.kill(nodes[3]!.pid, 'SIGKILL');
  await expect.poll(async () => (await statusOf(nodes[0]!)).nodes[3]!.up, { timeout: 10_000 }).toBe(false);
  expect((await statusOf(nodes[0]!)).stopped).toBeNull();
  expect(await (await fetch(`${nodes[0]!.statusUrl}/metrics`)).text()).toContain('holdfast_node_able 1');
  await allAttest();
}, 90_000);

test('two killed stop it, and it says why; nobody is slashed', async () => {
  process.kill(nodes[2]!.pid, 'SIGKILL');
  await expect
    .poll(async () => (await statusOf(nodes[0]!)).stopped, { timeout: 10_000 })
    .toBe('2 of 4 nodes can be reached; 3 must agree');
  const health = await fetch(`${nodes[1]!.statusUrl}/healthz`);
  expect([health.status, await health.text()]).toEqual([503, '2 of 4 nodes can be reached; 3 must agree\n']);
  const metrics = await (await fetch(`${nodes[0]!.statusUrl}/metrics`)).text();
  expect(metrics).toContain('holdfast_node_able 0');
  expect(metrics).toContain('holdfast_node_peer_up{node="2"} 0');
  expect(metrics).toContain('holdfast_node_peer_up{node="1"} 1');
  // The node that was killed may have let out what it was at.
  const since = (await slotNow()) + 2;
  const missed = async (): Promise<boolean> =>
    (await statusOf(nodes[0]!)).duties.some(
      ({ duty, slot, missed: why }) => duty === 'attester' && slot > since && why,
    );
  await expect.poll(missed, { timeout: 30_000, interval: 300 }).toBe(true);
  for (const index of POOL) {
    const response = await fetch(`${ready.beaconUrl}/eth/v1/beacon/states/head/validators/${index}`);
    const { data } = (await response.json()) as { data: { validator: { slashed: boolean } } };
    expect(data.validator.slashed).toBe(false);
  }
}, 60_000);

test('a copy of a key slashes its validator; the nodes see it, and sign for no validator any more', async () => {
  const fault = ['fault', 'doubleVote', '--validators', `${POOL[0]}`, '--at-once', '--devnet-url', ready.beaconUrl];
  expect((await holdfast(fault, { cwd: dir.path })).out).toContain('a copy of the key');
  await expect
    .poll(async () => (await statusOf(nodes[0]!)).stopped, { timeout: 40_000, interval: 300 })
    .toContain('a validator of this cluster was slashed');
  const health = await fetch(`${nodes[1]!.statusUrl}/healthz`);
  expect(health.status).toBe(503);
}, 60_000);

test('SIGTERM stops the nodes too', async () => {
  const { code, signal } = await up.kill('SIGTERM');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(nodes.filter(({ pid }) => isAlive(pid))).toEqual([]);
}, 60_000);

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, control, holdfast, isListening, killAll, ROOT, temporary } from './support/cli.ts';

let dir: ReturnType<typeof temporary>;
let devnet: Cli;
let urls: { rpcUrl: string; beaconUrl: string };
let network: string[];
let key: string[];

beforeAll(async () => {
  dir = temporary();
  devnet = new Cli(['devnet', '--manual', '--validators', '32', '--rpc-port', '0', '--beacon-port', '0', '--json']);
  const ready = await devnet.ready();
  urls = ready as typeof urls;
  network = ['--rpc-url', urls.rpcUrl, '--beacon-url', urls.beaconUrl];
  const keyFile = join(dir.path, 'key');
  writeFileSync(keyFile, (ready.accounts as { privateKey: string }[])[0]!.privateKey, { mode: 0o600 });
  key = ['--private-key-file', keyFile];
  await control(urls.beaconUrl, 'step', { slots: 2 });
}, 90_000);
afterAll(async () => {
  await killAll();
  dir.dispose();
});

/** Lets a slot pass now and then until `task` is over: the devnet has no timer. */
async function during<T>(task: Promise<T>): Promise<T> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  task.then(end, end);
  while (!over) {
    await control(urls.beaconUrl, 'step', { slots: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return task;
}

test('a deployment killed half way goes on with --resume, to the addresses told first', async () => {
  const manifest = join(dir.path, 'pool.json');
  const args = ['deploy', ...network, ...key, '--manifest', manifest, '--json'];
  const first = new Cli(args);
  const planned = await first.line(({ event }) => event === 'planned');
  await during(first.line(({ event, number }) => event === 'progress' && number === 3));
  expect((await first.kill('SIGKILL')).signal).toBe('SIGKILL');
  expect(existsSync(manifest)).toBe(false);

  const blind = await holdfast(args);
  expect(blind.code).toBe(2);
  expect(blind.out).toContain('a deployment was interrupted here');

  const second = await during(holdfast([...args, '--resume']));
  expect(second).toMatchObject({ code: 0 });
  const states = second.out.split('\n').filter((line) => line.includes('"found"'));
  expect(states.length).toBeGreaterThanOrEqual(3);
  const pool = JSON.parse(readFileSync(manifest, 'utf8')) as { addresses: unknown; deployer: string };
  expect(pool.addresses).toEqual(planned.addresses);
  expect(existsSync(`${manifest}.partial`)).toBe(false);

  // Again it finds all of it, and sends nothing: no slot has to pass.
  const third = await holdfast([...args, '--resume']);
  expect(third.code).toBe(0);
  expect(third.out).not.toContain('"created"');
  const other = await holdfast([...args, '--resume', '--config', writeConfig('mainnet')]);
  expect(other.code).toBe(2);
  expect(other.out).toContain('another configuration');
}, 120_000);

function writeConfig(preset: string): string {
  const path = join(dir.path, `${preset}.json`);
  const config = JSON.parse(readFileSync(join(dir.path, 'pool.json'), 'utf8')).config;
  writeFileSync(path, JSON.stringify({ ...config, token: { name: `Another ${preset}`, symbol: 'AN' } }));
  return path;
}

test('a run that died before its first transaction left the account begins anew', async () => {
  const manifest = join(dir.path, 'again.json');
  const args = ['deploy', ...network, ...key, '--manifest', manifest, '--json'];
  const planned = await holdfast([...args, '--dry-run']);
  expect(planned.code).toBe(0);
  const { chainId, deployer } = JSON.parse(planned.out) as { chainId: number; deployer: string };
  const { config } = JSON.parse(readFileSync(join(dir.path, 'pool.json'), 'utf8'));
  const account = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266';
  writeFileSync(`${manifest}.partial`, JSON.stringify({ chainId, account, deployer, config }));
  const { code, out } = await during(holdfast([...args, '--resume']));
  expect({ code, created: out.split('"created"').length - 1 }).toEqual({ code: 0, created: 9 });
}, 120_000);

test('SIGTERM ends the devnet, code 0, ports free', async () => {
  const { code, signal } = await devnet.kill('SIGTERM');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(await isListening(urls.rpcUrl)).toBe(false);
  expect(await isListening(urls.beaconUrl)).toBe(false);
});

test('under npm, which leaves its children behind when it is killed, nothing stays either', async () => {
  const args = ['run', 'holdfast', '--silent', '--', 'devnet', '--rpc-port', '0', '--beacon-port', '0', '--json'];
  const npm = new Cli(args, { program: 'npm', cwd: ROOT });
  const { beaconUrl } = (await npm.ready()) as { beaconUrl: string };
  npm.child.kill('SIGTERM');
  // Its output ends when the last process that holds it has ended.
  await npm.ended;
  expect(await isListening(beaconUrl)).toBe(false);
}, 60_000);

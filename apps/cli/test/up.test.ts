import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, control, type Ended, holdfast, isListening, killAll, temporary } from './support/cli.ts';

interface Ready {
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  readonly manifest: string;
  readonly dataDir: string;
  readonly vault: string;
  readonly genesisTime: number;
  readonly secondsPerSlot: number;
}

let dir: ReturnType<typeof temporary>;
let up: Cli;
let ready: Ready;
let env: Record<string, string>;

beforeAll(async () => {
  dir = temporary();
  up = new Cli(
    [
      'up',
      ...['--no-clusters', '--no-dashboard', '--rpc-port', '0', '--beacon-port', '0', '--slot-seconds', '1'],
      ...['--operators', '2', '--keys', '2', '--validators', '32', '--json'],
    ],
    { cwd: dir.path },
  );
  ready = (await up.ready()) as unknown as Ready;
  env = {
    HOLDFAST_RPC_URL: ready.rpcUrl,
    HOLDFAST_BEACON_URL: ready.beaconUrl,
    HOLDFAST_POOL: ready.manifest,
    HOLDFAST_DEVNET_URL: ready.beaconUrl,
  };
}, 120_000);
afterAll(async () => {
  await killAll();
  dir.dispose();
});

const verify = (): Promise<Ended> => holdfast(['verify', '--json'], { env });
const fault = (...args: string[]): Promise<Ended> => holdfast(['fault', ...args, '--json'], { env });
const verdictOf = ({ code, out }: Ended) => {
  const { verdict, rows } = JSON.parse(out) as {
    verdict: string;
    rows: { check: string; ok: boolean; diffWei: string }[];
  };
  return { code, verdict, failed: rows.filter(({ ok }) => ok === false) };
};

test('when it is ready the validators earn, and chain and clock agree', async () => {
  const status = await holdfast(['status', '--json'], { env });
  const pool = JSON.parse(status.out);
  expect(pool.operators).toHaveLength(2);
  expect(pool.validators.map(({ status }: { status: string }) => status)).toEqual(Array(4).fill('funded'));
  expect(BigInt(pool.rate.target)).toBeGreaterThan(10n ** 18n);
  const { slot } = (await control(ready.beaconUrl, 'status')) as { slot: number };
  const due = (Date.now() / 1000 - ready.genesisTime) / ready.secondsPerSlot;
  expect(Math.abs(due - slot)).toBeLessThan(10);
  const people = await holdfast(['status'], { env });
  expect(people.out).toMatch(/Anchor +1 /);
}, 60_000);

test('verify proves; a lying beacon node and a missing wei refute; exit code 1', async () => {
  expect(verdictOf(await verify())).toEqual({ code: 0, verdict: 'proven', failed: [] });

  expect((await fault('lyingBalances', '--gwei', '1')).code).toBe(0);
  const lie = verdictOf(await verify());
  expect(lie).toMatchObject({ code: 1, verdict: 'refuted', failed: [{ check: 'beacon state' }] });

  expect((await fault('error500')).code).toBe(0);
  const down = await verify();
  expect({ code: down.code, error: JSON.parse(down.out).error.code }).toEqual({ code: 3, error: 'CLI_NETWORK' });

  expect((await fault('none')).code).toBe(0);
  expect(verdictOf(await verify()).verdict).toBe('proven');

  expect((await fault('vaultShort', '--address', ready.vault)).code).toBe(0);
  await sleep(2_500 * ready.secondsPerSlot);
  const short = verdictOf(await verify());
  expect(short).toMatchObject({ code: 1, verdict: 'refuted', failed: [{ diffWei: '-1' }] });
  const people = await holdfast(['verify'], { env });
  expect(people.code).toBe(1);
  expect(people.out).toMatch(/NO .* -1 wei/);
  expect(people.out.trimEnd().split('\n').at(-1)).toMatch(/^REFUTED: Vault holds what came less what went/);
}, 120_000);

test('an address instead of a manifest is told apart from a refutation', async () => {
  const byAddress = await holdfast(['verify', '--pool', ready.vault, '--json'], { env });
  expect(byAddress.code).toBe(2);
  expect(byAddress.out).toContain('Give the manifest');
});

test('SIGTERM stops everything: code 0, no port, no file, no process left', async () => {
  const { code, signal } = await up.kill('SIGTERM');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(await isListening(ready.rpcUrl)).toBe(false);
  expect(await isListening(ready.beaconUrl)).toBe(false);
  expect(existsSync(ready.dataDir)).toBe(false);
  expect(() => process.kill(up.child.pid!, 0)).toThrow();
}, 30_000);

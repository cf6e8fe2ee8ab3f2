import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, control, holdfast, isAlive, isListening, killAll, temporary } from './support/cli.ts';

interface Ready {
  readonly beaconUrl: string;
  readonly dataDir: string;
  readonly signers: readonly { operator: string; url: string; pid: number; directory: string }[];
}

interface Status {
  readonly slot: number;
  readonly keys: number;
  readonly remote: number;
  readonly dutiesMissed: number;
  readonly signers: readonly string[];
  readonly finalizedEpoch: number;
}

interface Missed {
  readonly slot: number;
  readonly pubkey: string;
  readonly duty: string;
  readonly failure: string;
  readonly reason: string;
}

const GENESIS_VALIDATORS = 32;
/** One of each operator, in the order in which they offered them. */
const POOL = [32, 33];

let dir: ReturnType<typeof temporary>;
let up: Cli;
let ready: Ready;

beforeAll(async () => {
  dir = temporary();
  up = new Cli(
    [
      ...['up', '--signer', '--no-dashboard', '--rpc-port', '0', '--beacon-port', '0', '--slot-seconds', '1'],
      ...['--operators', '2', '--keys', '1', '--validators', `${GENESIS_VALIDATORS}`, '--json'],
      ...['--data-dir', join(dir.path, 'data')],
    ],
    { cwd: dir.path },
  );
  ready = (await up.ready()) as unknown as Ready;
}, 180_000);
afterAll(async () => {
  await killAll();
  // Should `up` have been killed, its signers find out and end by themselves.
  for (let i = 0; i < 50 && ready?.signers.some(({ pid }) => isAlive(pid)); i++) await sleep(200);
  expect(ready?.signers.filter(({ pid }) => isAlive(pid)) ?? []).toEqual([]);
  dir.dispose();
});

const get = async (path: string): Promise<never> => {
  const response = await fetch(`${ready.beaconUrl}${path}`);
  return ((await response.json()) as { data: never }).data;
};
const status = () => control(ready.beaconUrl, 'status') as Promise<Status>;
const missed = (): Missed[] => {
  const path = join(ready.dataDir, 'duties.log');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Missed);
};
const validator = (index: number) =>
  get(`/eth/v1/beacon/states/head/validators/${index}`) as Promise<{
    status: string;
    validator: { pubkey: string; slashed: boolean };
  }>;

test('the keys are in the signers and nowhere else, and every duty of the pool goes through them', async () => {
  expect(ready.signers.map(({ operator }) => operator)).toEqual(['Anchor', 'Bulwark']);
  expect(await status()).toMatchObject({ keys: GENESIS_VALIDATORS, remote: POOL.length });
  const held: string[] = [];
  for (const { url, directory } of ready.signers) {
    const keys = (await (await fetch(`${url}/api/v1/eth2/publicKeys`)).json()) as string[];
    expect(keys).toHaveLength(1);
    held.push(...keys);
    expect(existsSync(join(directory, 'protection.sqlite'))).toBe(true);
  }
  const registered = await Promise.all(POOL.map(async (index) => (await validator(index)).validator.pubkey));
  expect(held.sort()).toEqual(registered.sort());
});

test('what they attest is included', async () => {
  const { slot } = await status();
  const epoch = Math.floor(slot / 8) - 1;
  const liveness = await fetch(`${ready.beaconUrl}/eth/v1/validator/liveness/${epoch}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(POOL.map(String)),
  });
  const { data } = (await liveness.json()) as { data: { is_live: boolean }[] };
  expect(data.map((one) => one.is_live)).toEqual(POOL.map(() => true));
  const balances = (await get(`/eth/v1/beacon/states/head/validator_balances?id=${POOL.join(',')}`)) as {
    balance: string;
  }[];
  for (const { balance } of balances) expect(BigInt(balance)).toBeGreaterThan(32_000_000_000n);
  expect(missed()).toEqual([]);
});

test('a validator that would vote twice is refused by its signer, and not slashed', async () => {
  const [behindSigner, inDevnet] = [POOL[0]!, 3];
  const fault = await holdfast(['fault', 'doubleVote', '--validators', `${behindSigner},${inDevnet}`, '--json'], {
    env: { HOLDFAST_DEVNET_URL: ready.beaconUrl },
  });
  expect(fault.code).toBe(0);
  await expect.poll(() => missed().length, { timeout: 30_000, interval: 200 }).toBeGreaterThan(0);
  // The one whose key is in the devnet has nobody to stop it.
  await expect.poll(async () => (await validator(inDevnet)).validator.slashed, { timeout: 30_000 }).toBe(true);
  const { validator: fields, status: state } = await validator(behindSigner);
  expect({ slashed: fields.slashed, state }).toEqual({ slashed: false, state: 'active_ongoing' });
  expect(missed()).toHaveLength(1);
  expect(missed()[0]).toMatchObject({ pubkey: fields.pubkey, duty: 'ATTESTATION', failure: 'refused' });
  expect(missed()[0]!.reason).toMatch(/double.vote/);
}, 90_000);

test('a signer that is killed costs its own duties, and the chain goes on', async () => {
  const [anchor] = ready.signers;
  const before = await status();
  process.kill(anchor!.pid, 'SIGKILL');
  await expect
    .poll(() => missed().some(({ failure }) => failure === 'unavailable'), { timeout: 30_000, interval: 200 })
    .toBe(true);
  const { pubkey: its } = (await validator(POOL[0]!)).validator;
  const unavailable = missed().filter(({ failure }) => failure === 'unavailable');
  expect(unavailable.every(({ pubkey }) => pubkey === its)).toBe(true);
  await sleep(2_000);
  expect((await status()).slot).toBeGreaterThan(before.slot);
}, 60_000);

test('SIGTERM stops the signers too, each with its memory on disk', async () => {
  const { code, signal } = await up.kill('SIGTERM');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  for (const { url, pid } of ready.signers) {
    expect(await isListening(url)).toBe(false);
    expect(isAlive(pid)).toBe(false);
  }
  const { directory } = ready.signers[1]!;
  const log = readFileSync(`${directory}.log`, 'utf8');
  expect(log).toContain('the signer is closed');
  const exported = await holdfast([...'protection export --data-dir'.split(' '), directory], { cwd: dir.path });
  expect(exported.out).toContain('signed_attestations');
}, 60_000);

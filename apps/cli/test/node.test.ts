import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEdrExecution, Devnet, interopValidators } from '@holdfast/devnet';
import { encryptKeystore, publicKeyOf } from '@holdfast/keys';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, killAll, temporary } from './support/cli.ts';
import { command, defined, VAULT, writeOperatorKeys } from './support/cluster.ts';

let dir: ReturnType<typeof temporary>;
let devnet: Devnet;
let beacon: string;
let genesis: readonly string[];
beforeAll(async () => {
  dir = temporary();
  writeOperatorKeys(dir.path);
  const execution = await createEdrExecution({ genesisTime: Math.floor(Date.now() / 1000) });
  // Keys 0 and 1 wait for a validator client.
  // They may leave at once.
  const config = { SHARD_COMMITTEE_PERIOD: 0 };
  const external = [0, 1];
  devnet = await Devnet.create({ execution, validators: 16, external, secondsPerSlot: 2, genesisTime: 'now', config });
  devnet.start();
  beacon = (await devnet.listen()).url;
  const answer = (await (await fetch(`${beacon}/eth/v1/beacon/genesis`)).json()) as { data: Record<string, string> };
  const { genesis_validators_root: root, genesis_fork_version: version } = answer.data;
  genesis = ['--network', 'devnet', '--genesis-root', root!, '--genesis-fork-version', version!];
});
afterAll(async () => {
  await killAll();
  await devnet.close();
  dir.dispose();
});

const at = (...names: string[]): string => join(dir.path, ...names);
const start = (directory: string, ...args: string[]) =>
  new Cli(['node', '--data-dir', directory, '--beacon-url', beacon, '--json', ...args], { cwd: dir.path });
/** In this process: for what is refused before anything runs. */
async function refused(directory: string, ...args: string[]) {
  const giveUp = AbortSignal.timeout(30_000);
  const { json } = await command(dir.path, ['node', '--data-dir', directory, '--beacon-url', beacon, ...args], giveUp);
  return { ...(json.error as { code: string; message: string; data: Record<string, unknown>; fix: string }) };
}
/** A copy of a node's directory, with something done to it. */
function copy(from: string, to: string, change: (directory: string) => void): string {
  cpSync(at(from), at(to), { recursive: true });
  change(at(to));
  return to;
}
/** What the tests change of a lock or a record. */
interface LockLike {
  readonly definition: object;
}
function edit(path: string, change: (value: LockLike) => void): void {
  const value = JSON.parse(readFileSync(path, 'utf8')) as LockLike;
  change(value);
  writeFileSync(path, JSON.stringify(value));
}
/** The whole of a cluster of `nodes`, made in this process. */
async function cluster(name: string, nodes: number, more: readonly string[] = genesis): Promise<void> {
  const file = await defined(dir.path, name, nodes, more);
  const made = await Promise.all(
    Array.from({ length: nodes }, (_, i) => command(dir.path, ['dkg', file, '--data-dir', `${name}-${i + 1}`])),
  );
  for (const { code, err } of made) expect({ code, err }).toMatchObject({ code: 0 });
}
const health = async (url: unknown) => {
  const response = await fetch(`${url}/healthz`);
  return { status: response.status, text: (await response.text()).trim() };
};
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}

test('four processes are one cluster; two are none, and say so; a second one of a directory is refused', async () => {
  await cluster('quorum', 4);
  const nodes = [1, 2, 3, 4].map((node) => start(`quorum-${node}`, '--metrics-port', '0'));
  const urls = (await Promise.all(nodes.map((node) => node.ready()))).map(({ statusUrl }) => statusUrl);
  const isUp = async (url: unknown): Promise<boolean> => {
    const status = (await (await fetch(`${url}/status`)).json()) as { nodes: { up: boolean }[] };
    return status.nodes.every(({ up }) => up);
  };
  for (const url of urls) await until(() => isUp(url));
  expect(await health(urls[0])).toEqual({ status: 200, text: 'ok' });
  expect(await (await fetch(`${urls[0]}/metrics`)).text()).toContain('holdfast_node_peer_up{node="2"} 1');
  const twin = await refused('quorum-1');
  expect(twin).toMatchObject({ code: 'SIGNER_OWNED', data: { pid: nodes[0]!.child.pid } });

  // Their links stay open while they stand still.
  for (const { child } of nodes.slice(2)) child.kill('SIGSTOP');
  for (const url of urls.slice(0, 2)) await until(async () => (await health(url)).status === 503);
  expect((await health(urls[1])).text).toBe('2 of 4 nodes can be reached; 3 must agree');
  expect(await (await fetch(`${urls[0]}/metrics`)).text()).toContain('holdfast_node_peer_up{node="2"} 0');
  for (const { child } of nodes.slice(2)) child.kill('SIGCONT');
  for (const url of urls) await until(() => isUp(url));

  for (const node of nodes.slice(2)) expect(await node.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
  await until(async () => (await health(urls[0])).status === 503);
  expect((await health(urls[0])).text).toBe('2 of 4 nodes can be reached; 3 must agree');
  for (const node of nodes.slice(0, 2)) {
    const { code, err, out } = await node.kill('SIGTERM');
    expect({ code, err }).toMatchObject({ code: 0 });
    for (const line of out.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');
    expect(out).toContain('node.stopping');
    expect(out + err).not.toContain(readFileSync(at('quorum-1/password'), 'utf8').trim());
  }
  expect(existsSync(at('quorum-1/owner.json'))).toBe(false);
}, 120_000);

test('what does not fit is refused at start, by name', async () => {
  await cluster('fit', 1);
  const lock = (change: (value: LockLike) => void) => (directory: string) => edit(join(directory, 'lock.json'), change);
  const tampered = copy(
    'fit-1',
    'tampered',
    lock(({ definition }) => Object.assign(definition, { feeRecipient: `0x${'bb'.repeat(20)}` })),
  );
  expect(await refused(tampered)).toMatchObject({ code: 'KEYS_LOCK', data: { field: 'definition.feeRecipient' } });

  await cluster('other', 1);
  const put = (file: string) => (directory: string) => copyFileSync(at('other-1', file), join(directory, file));
  expect(await refused(copy('fit-1', 'identity', put('node.key')))).toMatchObject({ code: 'NODE_NOT_A_MEMBER' });
  const shares = copy('fit-1', 'shares', (directory) => {
    rmSync(join(directory, 'keystores'), { recursive: true });
    cpSync(at('other-1/keystores'), join(directory, 'keystores'), { recursive: true });
    put('password')(directory);
  });
  expect(await refused(shares)).toMatchObject({ code: 'CLI_KEY', data: { node: 1, missing: 1, held: 1 } });
  const record = copy('fit-1', 'record', (directory) =>
    edit(join(directory, 'node.json'), (value) => Object.assign(value, { lockHash: `0x${'00'.repeat(32)}` })),
  );
  expect(await refused(record)).toMatchObject({
    code: 'CLI_USAGE',
    message: expect.stringContaining('not the one that this directory'),
  });
  const password = copy('fit-1', 'password', (directory) =>
    writeFileSync(join(directory, 'password'), 'wrong', { mode: 0o600 }),
  );
  expect(await refused(password)).toMatchObject({ code: 'CLI_KEY' });

  await cluster('hoodi', 1, ['--network', 'hoodi']);
  expect(await refused('hoodi-1')).toMatchObject({ code: 'NODE_WRONG_CHAIN' });
  expect(await refused('nothing')).toMatchObject({ code: 'CLI_USAGE' });
  expect(await refused('fit-1', '--signer-url', beacon)).toMatchObject({ code: 'CLI_NETWORK' });
  const redealt = copy('fit-1', 'redealt', (directory) =>
    edit(join(directory, 'node.json'), (value) => Object.assign(value, { origin: 'resharing' })),
  );
  expect(await refused(redealt, '--signer-url', beacon)).toMatchObject({
    code: 'CLI_USAGE',
    message: expect.stringContaining('re-dealt'),
  });
}, 120_000);

test('alone, with whole keys, it does their duties; killed it signs nothing; without its memory it does not start', async () => {
  mkdirSync(at('whole'));
  for (const [i, { secretKey: secret }] of interopValidators(2).entries()) {
    const keystore = encryptKeystore({ secret, password: 'secret', kdf: { function: 'pbkdf2', c: 1024 } });
    writeFileSync(at('whole', `keystore-${i}.json`), JSON.stringify(keystore), { mode: 0o600 });
  }
  writeFileSync(at('whole-password'), 'secret\n', { mode: 0o600 });
  const solo = [
    '--keystores',
    'whole',
    '--password-file',
    at('whole-password'),
    '--fee-recipient',
    VAULT,
    '--metrics-port',
    '0',
  ];
  expect(await refused('solo', ...solo)).toMatchObject({
    code: 'CLI_USAGE',
    message: expect.stringContaining('signed before'),
  });

  const first = start('solo', ...solo, '--new');
  const { statusUrl, nodes } = await first.ready();
  expect(nodes).toBe(1);
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${statusUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  };
  const done = () => metric('holdfast_node_duties_published_total{duty="attester"}'.replace(/[{}]/g, '\\$&'));
  await until(async () => (await done()) >= 2);

  // Asked for at its directory, by another process, while it runs.
  const leaves = publicKeyOf(interopValidators(2)[1]!.secretKey);
  const exitOf = (...args: string[]) => command(dir.path, ['node', '--data-dir', 'solo', 'exit', ...args]);
  const asked = await exitOf('--validator', leaves, '--beacon-url', beacon);
  expect(asked).toMatchObject({ code: 0, json: { event: 'exit.asked', outlook: { kind: 'possible', epoch: 0 } } });
  const exits = async () =>
    ((await (await fetch(`${statusUrl}/status`)).json()) as { exits: { state: string }[] }).exits;
  await until(async () => (await exits())[0]?.state === 'exiting');
  expect(devnet.state.validators.getReadonly(1).exitEpoch).toBeLessThan(Number.POSITIVE_INFINITY);
  expect(devnet.state.validators.getReadonly(0).exitEpoch).toBe(Number.POSITIVE_INFINITY);
  expect(await exitOf('--validator', leaves, '--beacon-url', beacon)).toMatchObject({
    code: 2,
    json: { error: { code: 'CLI_USAGE', message: expect.stringContaining('it is leaving') } },
  });
  first.child.kill('SIGUSR2');
  await until(async () => (await health(statusUrl)).status === 503);
  expect(await health(statusUrl)).toMatchObject({ text: 'the kill switch is pulled' });
  const refusals = await metric('holdfast_node_share_refusals_total');
  await until(async () => (await metric('holdfast_node_share_refusals_total')) > refusals);
  expect(await first.kill('SIGTERM')).toMatchObject({ code: 0, signal: null });
  rmSync(at('solo/KILLED'));

  // What it signed is there for its next home, by the signer's own tools.
  const exported = await command(dir.path, [
    'protection',
    'export',
    '--data-dir',
    at('solo'),
    '--out',
    at('history.json'),
  ]);
  expect(exported).toMatchObject({ code: 0, json: { keys: 2 } });
  for (const file of ['protection.sqlite', 'protection.sqlite-wal', 'protection.sqlite-shm'])
    rmSync(at('solo', file), { force: true });
  expect(await refused('solo', ...solo)).toMatchObject({
    code: 'CLI_USAGE',
    data: { signedSince: expect.any(String) },
  });
  expect(await refused('solo', ...solo, '--new')).toMatchObject({ message: expect.stringContaining('not new') });

  const waiting = start('solo', ...solo, '--recover-by-waiting');
  const { sinceEpoch } = await waiting.line(({ event }) => event === 'history.waiting');
  await waiting.ready();
  expect(await waiting.kill('SIGTERM')).toMatchObject({ code: 0 });
  const drawn = await command(dir.path, ['protection', 'export', '--data-dir', at('solo'), '--out', at('drawn.json')]);
  expect(drawn.code).toBe(0);
  const { data } = JSON.parse(readFileSync(at('drawn.json'), 'utf8'));
  expect(data[0].signed_attestations).toContainEqual({
    source_epoch: String(sinceEpoch),
    target_epoch: String(Number(sinceEpoch) + 1),
  });
}, 90_000);

test('a request to exit is a file of the operator, for a validator of the cluster', async () => {
  await cluster('leaving', 1);
  const lock = JSON.parse(readFileSync(at('leaving-1/lock.json'), 'utf8')) as { validators: { pubkey: string }[] };
  const validator = lock.validators[0]!.pubkey;
  const exit = (...args: string[]) => command(dir.path, ['node', 'exit', '--data-dir', 'leaving-1', ...args]);
  expect(await exit()).toMatchObject({ code: 0, json: { event: 'exit.list', requests: [] } });
  const asked = await exit('--validator', validator.toUpperCase().replace('0X', '0x'));
  expect(asked).toMatchObject({ code: 0, json: { event: 'exit.asked', validator, epoch: null, threshold: 1 } });
  const file = at('leaving-1/exits', `${validator}.json`);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1, pubkey: validator, epoch: null });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await exit('--validator', validator, '--epoch', '12')).toMatchObject({ code: 0, json: { epoch: 12 } });
  expect((await exit()).json).toMatchObject({ requests: [{ pubkey: validator, epoch: 12 }] });
  expect(await exit('--validator', validator, '--withdraw')).toMatchObject({ code: 0 });
  expect(existsSync(file)).toBe(false);

  const refusals: readonly (readonly [string[], string])[] = [
    [['--validator', validator, '--withdraw'], 'no request for this validator'],
    [['--validator', `0x${'ab'.repeat(48)}`], 'does not hold this validator'],
    [['--validator', 'abc'], 'must be a public key'],
    [['--epoch', '3'], 'need --validator'],
    [['--validator', validator, '--epoch', '3', '--withdraw'], 'goes without --epoch'],
    // Its deposit was never made.
    [['--validator', validator, '--beacon-url', beacon], 'the chain does not know this validator'],
  ];
  for (const [args, message] of refusals) {
    const { code, out } = await exit(...args);
    expect([code, out]).toEqual([2, expect.stringContaining(message)]);
  }
  expect(await command(dir.path, ['node', 'exit', '--data-dir', 'nowhere'])).toMatchObject({ code: 2 });
  expect(existsSync(file)).toBe(false);
}, 30_000);

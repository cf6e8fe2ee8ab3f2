import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, inProcess, isListening, killAll, temporary } from './support/cli.ts';
import {
  aggregationSlot,
  attestation,
  LivenessNode,
  sign,
  testKeys,
  writeKeystores,
  writeNetwork,
} from './support/signer.ts';

let dir: ReturnType<typeof temporary>;
let network: string;
let keystores: string;
beforeAll(() => {
  dir = temporary();
  network = writeNetwork(dir.path);
  keystores = writeKeystores(dir.path, testKeys.slice(0, 2));
});
afterAll(async () => {
  await killAll();
  dir.dispose();
});

const [KEY, OTHER] = testKeys.map(({ pubkey }): string => pubkey) as [string, string];
const at = (name: string): string => join(dir.path, name);
const run = (...args: string[]) => inProcess([...args, '--json'], dir.path);
const start = (name: string, ...args: string[]) =>
  new Cli(['signer', '--data-dir', name, '--port', '0', '--json', ...args], { cwd: dir.path });
/** A directory with both keys in it. */
async function imported(name: string): Promise<void> {
  const { code, err } = await run(
    ...['keys', 'import', keystores, '--password-file', 'password', '--new-keys'],
    ...['--init', '--network', network, '--data-dir', name],
  );
  expect({ code, err }).toMatchObject({ code: 0 });
}
const status = async (name: string) => JSON.parse((await run('signer', 'status', '--data-dir', name)).out);

test('a user’s day: import, sign, refuse to sign twice, stop, start again, still refuse', async () => {
  await imported('day');
  const first = start('day');
  const { url, keys, watching } = await first.ready();
  expect({ keys, watching }).toEqual({ keys: 2, watching: false });
  const signed = await sign(url, KEY, attestation(2, 3));
  expect(signed).toEqual({ status: 200, body: { signature: expect.stringMatching(/^0x[0-9a-f]{192}$/) } });
  expect(await sign(url, KEY, attestation(2, 3))).toEqual(signed);
  expect((await sign(url, KEY, attestation(2, 3, '22'))).status).toBe(412);
  expect((await sign(url, `0x${'ab'.repeat(48)}`, attestation(2, 3))).status).toBe(404);
  // Another network's duty, and one of the far future, which would lock the key.
  const foreign = attestation(3, 4);
  foreign.fork_info.genesis_validators_root = `0x${'99'.repeat(32)}`;
  expect((await sign(url, KEY, foreign)).status).toBe(412);
  expect((await sign(url, KEY, attestation(3, 4_000_000))).status).toBe(412);

  const { code, signal, err } = await first.kill('SIGTERM');
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(await isListening(String(url))).toBe(false);
  for (const line of err
    .trim()
    .split('\n')
    .filter((line) => line.startsWith('{')))
    JSON.parse(line);
  expect(existsSync(at('day/owner.json'))).toBe(false);

  const second = start('day');
  const { url: again } = await second.ready();
  expect((await sign(again, KEY, attestation(2, 3, '22'))).status).toBe(412);
  expect((await sign(again, KEY, attestation(1, 4))).status).toBe(412);
  expect((await sign(again, KEY, attestation(3, 4))).status).toBe(200);
  // Killed without a word, it leaves nothing to clean up.
  await second.kill('SIGKILL');
  const third = start('day');
  const { url: last } = await third.ready();
  expect((await sign(last, KEY, attestation(3, 4, '22'))).status).toBe(412);
  expect((await sign(last, OTHER, attestation(3, 4, '22'))).status).toBe(200);
  await third.kill('SIGTERM');
});

test('what it writes is for its owner’s eyes, and nothing secret is in its output', async () => {
  const cli = start('secrets', '--init', '--network', network);
  await cli.ready();
  const { out, err } = await cli.kill('SIGINT');
  for (const file of ['passphrase', 'admin-token', 'keys/keys.sealed', 'protection.sqlite', 'signer.json']) {
    expect(statSync(at(`secrets/${file}`)).mode & 0o077, file).toBe(0);
  }
  expect(statSync(at('secrets')).mode & 0o077).toBe(0);
  for (const file of ['passphrase', 'admin-token']) {
    expect(out + err).not.toContain(readFileSync(at(`secrets/${file}`), 'utf8').trim());
  }
});

test('a second process is refused, and told who holds the directory', async () => {
  await imported('owned');
  const first = start('owned');
  await first.ready();
  const { pid } = first.child;
  for (const args of [
    ['signer', '--port', '0'],
    ['keys', 'list'],
    ['protection', 'check'],
  ]) {
    const { code, out } = await run(...args, '--data-dir', 'owned');
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'SIGNER_OWNED', data: { pid, purpose: 'signer' } } });
  }
  expect(await status('owned')).toMatchObject({ killed: null, owner: { pid, purpose: 'signer' } });
  await first.kill('SIGTERM');
  expect(await status('owned')).toMatchObject({ owner: null });
});

test('the kill switch stops all signing at once, by command, file, signal and API, and survives a restart', async () => {
  await imported('killed');
  const first = start('killed');
  const { url } = await first.ready();
  const slot = async (target = url) => (await sign(target, KEY, aggregationSlot(8))).status;
  expect(await slot()).toBe(200);
  expect((await run('signer', 'kill', '--data-dir', 'killed', '--why', 'drill')).code).toBe(0);
  expect(await sign(url, KEY, aggregationSlot(8))).toMatchObject({ status: 503, body: { code: 'SIGNER_KILLED' } });
  expect((await sign(url, KEY, attestation(2, 3))).status).toBe(503);
  expect(await run('signer', 'status', '--data-dir', 'killed')).toMatchObject({ code: 1 });
  await first.kill('SIGTERM');

  const second = start('killed');
  const ready = await second.ready();
  expect(ready.killed).toBe(true);
  expect(await slot(ready.url)).toBe(503);
  expect((await run('signer', '--data-dir', 'killed', 'resume')).code).toBe(0);
  expect(await slot(ready.url)).toBe(200);

  writeFileSync(at('killed/KILLED'), '');
  expect(await slot(ready.url)).toBe(503);
  await run('signer', 'resume', '--data-dir', 'killed');
  expect(await slot(ready.url)).toBe(200);

  second.child.kill('SIGUSR2');
  while ((await status('killed')).killed === null);
  expect(await status('killed')).toMatchObject({ killed: { by: 'SIGUSR2' } });
  expect(await slot(ready.url)).toBe(503);

  const token = readFileSync(at('killed/admin-token'), 'utf8').trim();
  const api = (method: string, headers: Record<string, string>) =>
    fetch(`${ready.url}/holdfast/v1/kill`, { method, headers });
  expect((await api('DELETE', {})).status).toBe(401);
  expect(await slot(ready.url)).toBe(503);
  const authorization = `Bearer ${token}`;
  expect(await (await api('DELETE', { authorization })).json()).toEqual({ killed: false });
  expect(await slot(ready.url)).toBe(200);
  expect(await (await api('POST', { authorization })).json()).toMatchObject({ killed: true, by: 'API client admin' });
  expect(await slot(ready.url)).toBe(503);
  await second.kill('SIGTERM');
});

test('a second owner is found before the first signature; a silent key may sign after its epochs', async () => {
  await imported('watched');
  const node = await LivenessNode.start([KEY, OTHER]);
  node.live.add(OTHER);
  const cli = start('watched', '--beacon-url', node.url, '--doppelganger-epochs', '1');
  const { url, watching } = await cli.ready();
  expect(watching).toBe(true);
  expect(await sign(url, KEY, attestation(2, 3))).toMatchObject({
    status: 503,
    body: { code: 'SIGNER_DOPPELGANGER_WAIT' },
  });
  const until = async (pubkey: string, wanted: (answer: Awaited<ReturnType<typeof sign>>) => boolean) => {
    for (;;) {
      const answer = await sign(url, pubkey, aggregationSlot(8));
      if (wanted(answer)) return answer;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const found = await until(OTHER, ({ body }) => body.code !== 'SIGNER_DOPPELGANGER_WAIT');
  expect(found).toMatchObject({ status: 503, body: { code: 'SIGNER_DOPPELGANGER_FOUND' } });
  expect((await until(KEY, (answer) => answer.status !== 503)).status).toBe(200);
  expect((await sign(url, OTHER, aggregationSlot(8))).status).toBe(503);
  const { err } = await cli.kill('SIGTERM');
  expect(err).toContain('DOPPELGANGER');
  await node.close();
});

test('keys imported to be watched first do not sign without a beacon node, however often it is started', async () => {
  const args = ['keys', 'import', keystores, '--password-file', 'password', '--watch-first'];
  expect((await run(...args, '--init', '--network', network, '--data-dir', 'first')).code).toBe(0);
  const blind = start('first');
  const { url } = await blind.ready();
  expect((await sign(url, KEY, aggregationSlot(8))).body).toMatchObject({ code: 'SIGNER_DOPPELGANGER_WAIT' });
  await blind.kill('SIGTERM');
  const node = await LivenessNode.start([KEY]);
  const seeing = start('first', '--beacon-url', node.url, '--doppelganger-epochs', '1');
  const ready = await seeing.ready();
  // Not in the registry: nobody can have signed with it.
  while ((await sign(ready.url, OTHER, aggregationSlot(8))).status !== 200);
  await seeing.kill('SIGTERM');
  await node.close();
  expect(JSON.parse(readFileSync(at('first/watch-first.json'), 'utf8'))).not.toContain(OTHER);
});

test('SIGHUP reads the policy again; a bad file leaves the rules as they were', async () => {
  await imported('hup');
  const policy = at('policy.json');
  const vault = `0x${'cd'.repeat(20)}`;
  const exit = {
    type: 'VOLUNTARY_EXIT',
    fork_info: attestation(0, 1).fork_info,
    voluntary_exit: { epoch: '1', validator_index: '7' },
  };
  const registration = (feeRecipient: string) => ({
    type: 'VALIDATOR_REGISTRATION',
    validator_registration: { fee_recipient: feeRecipient, gas_limit: '30000000', timestamp: '100', pubkey: KEY },
  });
  writeFileSync(policy, JSON.stringify({ vaults: [vault] }));
  const cli = start('hup', '--policy', 'policy.json');
  const { url } = await cli.ready();
  expect((await sign(url, KEY, registration(vault))).status).toBe(200);
  expect((await sign(url, KEY, registration(`0x${'ef'.repeat(20)}`))).status).toBe(412);
  expect((await sign(url, KEY, exit)).status).toBe(412);
  writeFileSync(policy, JSON.stringify({ vaults: [vault], voluntaryExits: 'all' }));
  cli.child.kill('SIGHUP');
  while ((await sign(url, KEY, exit)).status !== 200);
  writeFileSync(policy, '{"vaults": ["nonsense"]}');
  cli.child.kill('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await sign(url, KEY, registration(vault))).status).toBe(200);
  const { code, err } = await cli.kill('SIGTERM');
  expect(code).toBe(0);
  expect(err).toContain('the reload failed');
});

test('SIGHUP reads the clients again: a token that is struck out opens nothing any more', async () => {
  await imported('clients');
  for (const name of ['a', 'b', 'ops']) writeFileSync(at(`${name}.token`), name.padEnd(64, '0'), { mode: 0o600 });
  const file = (...names: string[]) =>
    writeFileSync(
      at('clients.json'),
      JSON.stringify({
        clients: names.map((name) => ({ name, tokenFile: `${name}.token` })),
        admins: [{ name: 'ops', tokenFile: 'ops.token' }],
      }),
    );
  file('a', 'b');
  const cli = start('clients', '--clients', 'clients.json');
  const { url } = await cli.ready();
  const ask = async (name: string) =>
    (
      await fetch(`${url}/api/v1/eth2/sign/${KEY}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${name.padEnd(64, '0')}`, 'content-type': 'application/json' },
        body: JSON.stringify(aggregationSlot(8)),
      })
    ).status;
  expect([await ask('a'), await ask('b'), await ask('c')]).toEqual([200, 200, 403]);
  file('a');
  cli.child.kill('SIGHUP');
  while ((await ask('b')) === 200);
  expect([await ask('a'), await ask('b')]).toEqual([200, 403]);
  writeFileSync(at('clients.json'), '{"clients": [{"name": "a", "tokens": []}]}');
  cli.child.kill('SIGHUP');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await ask('a')).toBe(200);
  await cli.kill('SIGTERM');
});

test.each([
  [['signer'], 'this is no directory of a signer'],
  [['signer', '--init'], '--init needs to know the network'],
  [['signer', '--init', '--network', 'nonsense'], 'no such network'],
  [['signer', '--protection-url', 'postgres://u:hunter2@127.0.0.1/d'], 'A password must not stand here'],
  [['signer', '--data-dir', 'day', '--network', 'hoodi'], 'this signer was made for testnet'],
  [['signer', '--data-dir', 'day', '--protection-url', 'postgres://127.0.0.1/d'], 'slashing protection in sqlite'],
  [['signer', '--data-dir', 'day', '--host', '0.0.0.0'], 'answer anybody who reaches this address'],
  [['signer', '--data-dir', 'day', '--tls-client-ca', 'ca.pem'], 'needs --tls-cert'],
  [['signer', '--data-dir', 'day', '--clients', 'none.json'], 'the file of clients cannot be read'],
  [['signer', 'kill', '--data-dir', 'nowhere'], 'this is no directory of a signer'],
] as const)('%j is bad usage, said in one sentence', async (args, message) => {
  const { code, out, err } = await inProcess(args, dir.path);
  expect(err).toContain(message);
  expect(err + out).not.toContain('hunter2');
  expect(code).toBe(2);
});

test('a store that is gone is not made anew in silence', async () => {
  await imported('lost');
  const { rmSync } = await import('node:fs');
  rmSync(at('lost/protection.sqlite'));
  const { code, err } = await inProcess(['signer', '--data-dir', 'lost', '--port', '0'], dir.path);
  expect(err).toContain('the slashing protection is gone');
  expect(code).toBe(2);
});

test('a wrong passphrase opens nothing', async () => {
  writeFileSync(at('wrong'), 'not the passphrase', { mode: 0o600 });
  const args = ['signer', '--data-dir', 'day', '--port', '0', '--passphrase-file', 'wrong'];
  const { code, err } = await inProcess(args, dir.path);
  expect(err).toContain('KEYS_KEK_WRONG');
  expect(code).toBe(2);
});

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cli, inProcess, killAll, temporary } from './support/cli.ts';
import {
  aggregationSlot,
  attestation,
  PASSWORD,
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
const make = (name: string): string[] => ['--init', '--network', network, '--data-dir', name];
const importing = (...args: string[]) => run('keys', 'import', keystores, '--password-file', 'password', ...args);
const told = (out: string): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;
const errorOf = (out: string) => (told(out).error ?? {}) as { code?: string; message?: string };

/** Runs a signer for as long as `use` takes. */
async function signing<T>(name: string, use: (url: unknown) => Promise<T>): Promise<T> {
  const cli = new Cli(['signer', '--data-dir', name, '--port', '0', '--json'], { cwd: dir.path });
  const { url } = await cli.ready();
  const result = await use(url);
  await cli.kill('SIGTERM');
  return result;
}

test('no key comes in without a word on its past', async () => {
  const { code, out } = await importing(...make('past'));
  expect(code).toBe(2);
  expect(errorOf(out).message).toContain('nothing is known of what 2 of these keys signed before');
  for (const word of ['--slashing-protection', '--new-keys', '--watch-first']) expect(out).toContain(word);
  expect(told((await run('keys', 'list', '--data-dir', 'past')).out)).toEqual({ keys: [] });
  // A history that speaks of one key only is not enough for both.
  writeFileSync(at('one.json'), JSON.stringify(historyOf([KEY], 5)));
  const partial = await importing('--slashing-protection', 'one.json', '--data-dir', 'past');
  expect(errorOf(partial.out).message).toContain('1 of these keys');
  expect((await importing('--new-keys', '--watch-first', '--data-dir', 'past')).code).toBe(2);
});

test('keystores of the deposit tools come in once; running it again does nothing', async () => {
  const first = await importing('--new-keys', ...make('again'));
  expect(told(first.out)).toMatchObject({ imported: [KEY, OTHER], skipped: 0, failed: [], total: 2 });
  const second = await importing('--data-dir', 'again');
  expect(second.code).toBe(0);
  expect(told(second.out)).toMatchObject({ imported: [], skipped: 2, total: 2 });
  const { keys } = told((await run('keys', 'list', '--data-dir', 'again')).out);
  expect(keys).toHaveLength(2);
  expect(keys).toContainEqual(expect.objectContaining({ pubkey: KEY, state: 'may sign', lastTargetEpoch: null }));
});

test('one bad keystore stops no other, and says which it is; the rest comes in at the next run', async () => {
  const some = writeKeystores(dir.path, testKeys, 'some');
  mkdirSync(at('passwords'));
  const files = (await import('node:fs')).readdirSync(some).filter((name) => name.startsWith('keystore'));
  for (const [index, file] of files.entries()) {
    const password = index === 1 ? 'wrong' : PASSWORD;
    writeFileSync(join(at('passwords'), file.replace(/json$/, 'txt')), password, { mode: 0o600 });
  }
  const args = ['keys', 'import', some, '--password-dir', 'passwords', '--new-keys'];
  const { code, out } = await run(...args, ...make('some-in'));
  expect(code).toBe(4);
  expect(told(out)).toMatchObject({
    imported: { length: 3 },
    failed: [{ file: expect.stringContaining(files[1]!), code: 'KEYSTORE_PASSWORD' }],
  });
  expect(out).not.toContain(PASSWORD);
  writeFileSync(join(at('passwords'), files[1]!.replace(/json$/, 'txt')), PASSWORD, { mode: 0o600 });
  const rest = await run(...args, '--data-dir', 'some-in');
  expect(told(rest.out)).toMatchObject({ imported: { length: 1 }, skipped: 3, failed: [], total: 4 });
});

test('keys move to another passphrase; the old one opens nothing any more', async () => {
  expect((await importing('--new-keys', ...make('sealed'))).code).toBe(0);
  writeFileSync(at('new-passphrase'), 'another long passphrase', { mode: 0o600 });
  const moved = await run('keys', 'seal', '--new-passphrase-file', 'new-passphrase', '--data-dir', 'sealed');
  expect(told(moved.out)).toMatchObject({ keys: 2, seal: 'passphrase' });
  const old = await run('keys', 'list', '--data-dir', 'sealed');
  expect(errorOf(old.out).code).toBe('KEYS_KEK_WRONG');
  const next = await run('keys', 'list', '--data-dir', 'sealed', '--passphrase-file', 'new-passphrase');
  expect(told(next.out).keys).toHaveLength(2);
});

test('a whole move: sign here, delete here, import there with the history, and no second vote for the same epoch', async () => {
  expect((await importing('--new-keys', ...make('from'))).code).toBe(0);
  const before = await signing('from', (url) => sign(url, KEY, attestation(2, 3)));
  expect(before.status).toBe(200);
  const deleted = await run('keys', 'delete', KEY, '--out', 'moved.json', '--data-dir', 'from');
  expect(told(deleted.out)).toMatchObject({ removed: [KEY] });
  expect(JSON.parse(readFileSync(at('moved.json'), 'utf8'))).toMatchObject({
    metadata: { interchange_format_version: '5' },
    data: [{ pubkey: KEY, signed_attestations: [{ source_epoch: '2', target_epoch: '3' }] }],
  });
  // Never over a file that is there: it may be the only history.
  expect((await run('keys', 'delete', OTHER, '--out', 'moved.json', '--data-dir', 'from')).code).toBe(2);
  expect((await signing('from', (url) => sign(url, KEY, attestation(3, 4)))).status).toBe(404);

  const alone = writeKeystores(dir.path, testKeys.slice(0, 1), 'alone');
  const args = ['keys', 'import', alone, '--password-file', 'password', '--slashing-protection', 'moved.json'];
  expect((await run(...args, ...make('to'))).code).toBe(0);
  await signing('to', async (url) => {
    expect((await sign(url, KEY, attestation(2, 3, '22'))).status).toBe(412);
    expect((await sign(url, KEY, attestation(1, 4))).status).toBe(412);
    expect((await sign(url, KEY, attestation(3, 4))).status).toBe(200);
  });
  // And back: what it signed there meanwhile must come along.
  const back = ['keys', 'import', alone, '--password-file', 'password', '--data-dir', 'from'];
  expect((await run(...back)).code).toBe(2);
  expect((await run('protection', 'export', '--out', 'back.json', '--data-dir', 'to')).code).toBe(0);
  expect((await run(...back, '--slashing-protection', 'back.json')).code).toBe(0);
  await signing('from', async (url) => {
    expect((await sign(url, KEY, attestation(3, 4, '22'))).status).toBe(412);
    expect((await sign(url, KEY, attestation(4, 5))).status).toBe(200);
    expect((await sign(url, OTHER, aggregationSlot(8))).status).toBe(200);
  });
});

test.each([
  [['keys', 'import', 'nowhere', '--new-keys'], 'there is no such file'],
  [['keys', 'import', 'network.json', '--new-keys'], 'this is no EIP-2335 keystore'],
  [['keys', 'delete', '0x12'], 'Write 48-byte public keys'],
  [['keys', 'delete', `0x${'ab'.repeat(48)}`, '--out', 'x.json'], 'the signer has no such key'],
  [['keys', 'delete', `0x${'ab'.repeat(48)}`], '--out is needed'],
  [['keys', 'seal'], 'what to seal under was not given'],
] as const)('%j is bad usage, said in one sentence', async (args, message) => {
  if (!existsSync(at('usage'))) await run('signer', 'status', '--data-dir', 'usage');
  const { code, err } = await inProcess(
    [...args, ...((args as readonly string[])[1] === 'import' ? make('usage') : ['--data-dir', 'again'])],
    dir.path,
  );
  expect(err).toContain(message);
  expect(code).toBe(2);
});

function historyOf(pubkeys: readonly string[], target: number) {
  return {
    metadata: { interchange_format_version: '5', genesis_validators_root: `0x${'5a'.repeat(32)}` },
    data: pubkeys.map((pubkey) => ({
      pubkey,
      signed_blocks: [],
      signed_attestations: [{ source_epoch: String(target - 1), target_epoch: String(target) }],
    })),
  };
}

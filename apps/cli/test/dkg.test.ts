import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClusterLock,
  type DepositFileEntry,
  decryptKeystores,
  depositDataRoot,
  depositSigningRoot,
  peerIdOf,
  verifySignature,
} from '@holdfast/keys';
import { fromHex, type Hex, type Pubkey } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../src/net/ports.ts';
import { Cli, killAll, temporary } from './support/cli.ts';
import { command, defined, joins, OPERATORS, VAULT, writeOperatorKeys } from './support/cluster.ts';

let dir: ReturnType<typeof temporary>;
beforeAll(() => {
  dir = temporary();
  writeOperatorKeys(dir.path);
});
afterAll(async () => {
  await killAll();
  dir.dispose();
});

const at = (...names: string[]): string => join(dir.path, ...names);
const read = <T>(...names: string[]): T => JSON.parse(readFileSync(at(...names), 'utf8')) as T;
const lockOf = (directory: string): ClusterLock => read(directory, 'lock.json');
interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly json: Record<string, unknown>;
}

/** `holdfast dkg` as a process of its own. */
async function dkgProcess(file: string, directory: string, ...args: string[]): Promise<Ended> {
  const cli = new Cli(['dkg', file, '--data-dir', directory, '--json', ...args], { cwd: dir.path });
  const { code, out, err } = await cli.ended;
  return { code, out, err, json: JSON.parse(out.trim().split('\n').at(-1) || '{}') };
}

/** The same in this process, which is cheaper: the links between nodes are real all the same. */
const dkg = (file: string, directory: string, ...args: string[]): Promise<Ended> =>
  command(dir.path, ['dkg', file, '--data-dir', directory, ...args]);

test('four processes make one lock, keystores that hold its shares, and deposits that are signed; re-dealt, the keys stay', async () => {
  const file = await defined(dir.path, 'all', 4, [
    '--network',
    'hoodi',
    '--validators',
    '2',
    '--deposit-eth',
    '1',
    '--deposit-eth',
    '31',
  ]);
  const directories = [1, 2, 3, 4].map((node) => `all-${node}`);
  const ended = await Promise.all(
    directories.map((directory) => dkgProcess(file, directory, ...(directory === 'all-4' ? ['--sealed'] : []))),
  );
  for (const { code, err, json } of ended)
    expect({ code, err, faults: json.faults }).toMatchObject({ code: 0, faults: [] });
  const locks = directories.map((directory) => readFileSync(at(directory, 'lock.json'), 'utf8'));
  expect(new Set(locks).size).toBe(1);
  expect((await command(dir.path, ['cluster', 'verify', at('all-1/lock.json')])).json).toMatchObject({
    true: true,
    absent: [],
  });

  const lock = lockOf('all-2');
  const keystores = readdirSync(at('all-2/keystores'))
    .sort()
    .map((name) => read('all-2/keystores', name));
  const password = readFileSync(at('all-2/password'), 'utf8').trim();
  const opened = await decryptKeystores(keystores.map((keystore) => ({ keystore, password })));
  expect(opened.map((result) => result.ok && result.key.pubkey)).toEqual(
    lock.validators.map(({ sharePubkeys }) => sharePubkeys[1]),
  );
  expect(existsSync(at('all-4/keystores'))).toBe(false);
  expect(existsSync(at('all-4/keys/keys.sealed'))).toBe(true);
  for (const directory of directories) {
    for (const name of readdirSync(at(directory), { recursive: true, withFileTypes: true })) {
      if (name.isFile() && !name.name.startsWith('owner.lock'))
        expect(statSync(join(name.parentPath, name.name)).mode & 0o077, name.name).toBe(0);
    }
  }
  for (const { out, err } of ended) expect(out + err).not.toContain(password);

  for (const [k, eth] of [1, 31].entries()) {
    const entries = read<DepositFileEntry[]>('all-3', `deposit_data-${eth}-eth.json`);
    expect(entries).toHaveLength(2);
    for (const [i, entry] of entries.entries()) {
      const hex = (text: string): Hex => `0x${text}`;
      const message = {
        pubkey: hex(entry.pubkey) as Pubkey,
        withdrawalCredentials: hex(entry.withdrawal_credentials),
        amount: BigInt(entry.amount),
      };
      expect(entry).toMatchObject({ fork_version: '10000910', network_name: 'hoodi', amount: eth * 1e9 });
      expect(entry.withdrawal_credentials).toBe(`02${'00'.repeat(11)}${VAULT.slice(2)}`);
      expect(message.pubkey).toBe(lock.validators[i]!.pubkey);
      expect(
        verifySignature(message.pubkey, depositSigningRoot(message, '0x10000910'), fromHex(hex(entry.signature), 96)),
      ).toBe(true);
      expect(depositDataRoot(message, hex(entry.signature)).slice(2)).toBe(entry.deposit_data_root);
      expect(lock.validators[i]!.deposits[k]!.signature).toBe(hex(entry.signature));
    }
  }
  expect((await command(dir.path, ['dkg', file, '--data-dir', 'all-1'])).json).toMatchObject({
    error: { message: expect.stringContaining('holds a lock already') },
  });
  await reshared(lock);
}, 120_000);

/** Operator 2 goes, operator 5 comes. */
async function reshared(lock: ClusterLock): Promise<void> {
  const next = at('next.json');
  const args = ['cluster', 'reshare', at('all-1/lock.json'), '--replace', `2=${OPERATORS[4]}`, '--out', next];
  expect((await command(dir.path, args)).json).toMatchObject({
    generation: 1,
    previousLockHash: lock.lockHash,
    complete: false,
  });
  const [port] = await freePorts(1);
  for (const op of [1, 3, 4]) await joins(dir.path, next, op, `all-${op}`);
  await joins(dir.path, next, 5, 'next-5', port);
  for (const op of [1, 3, 4]) await joins(dir.path, next, op, `all-${op}`);
  const wrong = await command(dir.path, ['dkg', next, '--data-dir', 'next-1']);
  expect(wrong.json).toMatchObject({ error: { message: expect.stringContaining('re-deals validators that exist') } });

  const ended = await Promise.all([
    ...[1, 2, 3, 4].map((node) => dkg(next, `next-${node}`, '--previous', `all-${node}`)),
    dkg(next, 'next-5', '--previous-lock', at('all-1/lock.json')),
  ]);
  for (const { code, err } of ended) expect({ code, err }).toMatchObject({ code: 0 });
  const after = lockOf('next-5');
  expect(after.validators.map(({ pubkey }) => pubkey)).toEqual(lock.validators.map(({ pubkey }) => pubkey));
  expect(after.validators[0]!.sharePubkeys).not.toEqual(lock.validators[0]!.sharePubkeys);
  expect(after.definition.operators.map(({ address }) => address)).toEqual(
    [0, 4, 2, 3].map((i) => OPERATORS[i]!.toLowerCase()),
  );
  expect((await command(dir.path, ['cluster', 'verify', at('next-1/lock.json')])).code).toBe(0);
  // Whoever leaves gets nothing; the old shares sign no more, even by mistake.
  expect(existsSync(at('next-2/lock.json'))).toBe(false);
  for (const node of [1, 2, 3, 4]) expect(existsSync(at(`all-${node}/KILLED`))).toBe(true);
  expect(read('next-5/node.json')).toMatchObject({ origin: 'resharing', startedAt: null, lockHash: after.lockHash });
  expect(existsSync(at('next-5/protection.sqlite'))).toBe(false);
}

test('one that never comes is named, and the others have their lock without it; it cannot come later', async () => {
  const file = await defined(dir.path, 'few', 4);
  const quick = ['--patience-seconds', '4', '--round-seconds', '2'];
  const ended = await Promise.all([1, 2, 3].map((node) => dkg(file, `few-${node}`, ...quick)));
  const peerId = peerIdOf(lockOf('few-1').definition.operators[3]!.identity);
  for (const { code, err, json } of ended) {
    expect({ code, err, faults: json.faults }).toMatchObject({
      code: 0,
      faults: [{ party: 4, reason: 'silent', excluded: true, peerId }],
    });
    expect(err).toContain(peerId);
  }
  expect((await command(dir.path, ['cluster', 'verify', at('few-2/lock.json')])).json).toMatchObject({
    true: true,
    absent: [4],
  });
  // A node that fell out does not deal a second time under the same definition.
  writeFileSync(at('few-4', readdirSync(at('few-1')).find((name) => name.startsWith('ceremony-'))!), '');
  expect((await command(dir.path, ['dkg', file, '--data-dir', 'few-4'])).json).toMatchObject({
    error: { message: expect.stringContaining('was begun here before') },
  });
}, 120_000);

test('too few: it ends, names the missing, and the definition can be used again', async () => {
  const file = await defined(dir.path, 'none', 4);
  const { code, json } = await command(dir.path, ['dkg', file, '--data-dir', 'none-1', '--patience-seconds', '1']);
  expect(code).toBe(3);
  expect(json).toMatchObject({
    error: { code: 'NODE_TOO_FEW_CAME', data: { needed: 3, absent: [{ party: 2 }, { party: 3 }, { party: 4 }] } },
  });
  expect(readdirSync(at('none-1')).some((name) => name.startsWith('ceremony-'))).toBe(false);
}, 30_000);

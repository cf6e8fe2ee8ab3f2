import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporary } from './support/cli.ts';
import { command, defined, joins, OPERATORS, VAULT, writeOperatorKeys } from './support/cluster.ts';

let dir: ReturnType<typeof temporary>;
beforeAll(() => {
  dir = temporary();
  writeOperatorKeys(dir.path);
});
afterAll(() => dir.dispose());

const at = (name: string): string => join(dir.path, name);
const run = (...args: string[]) => command(dir.path, args);
const lower = OPERATORS.map((address) => address.toLowerCase());
const four = OPERATORS.slice(0, 4).flatMap((operator) => ['--operator', operator]);
const create = (out: string, ...args: string[]) =>
  run('cluster', 'create', '--vault', VAULT, '--network', 'hoodi', '--out', out, ...args);
/** Writes a copy with one thing changed. */
function altered(file: string, name: string, change: (value: { definition: Record<string, unknown> }) => void): string {
  const value = JSON.parse(readFileSync(file, 'utf8')) as { definition: Record<string, unknown> };
  change(value);
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
}

test('a definition has the terms that were asked for, and usual ones for the rest', async () => {
  expect((await create('plain.json', ...four)).json).toMatchObject({
    threshold: 3,
    validators: 1,
    depositAmounts: ['1000000000'],
    withdrawalCredentials: `0x02${'00'.repeat(11)}${VAULT.slice(2)}`,
    feeRecipient: VAULT,
    generation: 0,
    complete: false,
    network: { name: 'hoodi', genesisForkVersion: '0x10000910' },
    operators: lower.slice(0, 4).map((address) => ({ address, identity: null, state: 'not joined' })),
  });
  const own = await run(
    ...['cluster', 'create', '--out', 'own.json', '--vault', VAULT, '--operator', OPERATORS[0]!, '--nodes', '7'],
    ...['--threshold', '6', '--validators', '12', '--deposit-eth', '1', '--deposit-eth', '31', '--credentials', '01'],
    ...[
      '--fee-recipient',
      OPERATORS[1]!,
      '--genesis-root',
      `0x${'AB'.repeat(32)}`,
      '--genesis-fork-version',
      '0x00000001',
    ],
  );
  expect(own.json).toMatchObject({
    threshold: 6,
    validators: 12,
    depositAmounts: ['1000000000', '31000000000'],
    withdrawalCredentials: `0x01${'00'.repeat(11)}${VAULT.slice(2)}`,
    feeRecipient: lower[1],
    network: { name: 'unnamed', genesisValidatorsRoot: `0x${'ab'.repeat(32)}` },
  });
  expect((own.json.operators as unknown[]).length).toBe(7);
  expect(statSync(at('plain.json')).mode & 0o077).toBe(0);
});

test.each([
  ['a threshold that lets two halves sign', ['--threshold', '2'], 'a threshold of 2 does not suit 4 nodes'],
  ['a file that is there', ['--out', 'op1.key'], 'the file is there already'],
  ['operators that do not fit', ['--nodes', '3'], 'the operators of the cluster are not known'],
])('create refuses %s', async (_, args, message) => {
  const { code, json } = await create('refused.json', ...four, ...args);
  expect(code).toBe(2);
  expect(json).toMatchObject({ error: { message: expect.stringContaining(message) } });
  expect(existsSync(at('refused.json'))).toBe(false);
});

test('operators join in any order, twice; the whole is true, and any change to it is not', async () => {
  const file = await defined(dir.path, 'joined', 4);
  expect((await run('cluster', 'verify', file)).json).toMatchObject({ true: true });
  const { json } = await run('cluster', 'show', file);
  expect(json).toMatchObject({ complete: true });
  for (const operator of json.operators as { peerId: string; multiaddrs: string[] }[]) {
    expect(operator.peerId).toMatch(/^12D3KooW/);
    expect(operator.multiaddrs).toHaveLength(1);
  }
  for (const [field, value] of [
    ['threshold', 4],
    ['feeRecipient', lower[4]],
    ['validators', 100],
    ['withdrawalCredentials', `0x02${'00'.repeat(30)}01`],
    ['name', 'another'],
  ] as const) {
    const forged = altered(file, 'forged.json', ({ definition }) => {
      definition[field] = value;
    });
    expect((await run('cluster', 'verify', forged)).code, field).toBe(1);
    // Nobody signs beside a forged signature, and no ceremony begins on one.
    const args = ['--data-dir', 'joined-1', '--private-key-file', at('op1.key')];
    expect((await run('cluster', 'join', forged, ...args)).code, field).toBe(2);
    expect((await run('dkg', forged, '--data-dir', 'joined-1')).code, field).toBe(2);
  }
}, 30_000);

test('a node that moves makes void what was signed about it, and no more', async () => {
  const file = await defined(dir.path, 'moved', 4);
  const { json } = await joins(dir.path, file, 2, 'moved-2', 9999);
  const states = (json.operators as { state: string }[]).map(({ state }) => state);
  expect(states).toEqual(['joined', 'signed', 'joined', 'joined']);
  const early = await run('dkg', file, '--data-dir', 'moved-1');
  expect(early.json).toMatchObject({ error: { message: expect.stringContaining('has not signed the whole') } });
});

test('copies that went to several operators at once are put together', async () => {
  await create('mine.json', ...four);
  copyFileSync(at('mine.json'), at('theirs.json'));
  await joins(dir.path, at('mine.json'), 1, 'merge-1', 9001);
  await joins(dir.path, at('theirs.json'), 2, 'merge-2', 9002);
  const args = ['--data-dir', 'merge-1', '--private-key-file', at('op1.key')];
  const { json } = await run('cluster', 'join', 'mine.json', '--merge', 'theirs.json', ...args);
  const states = (json.operators as { state: string }[]).map(({ state }) => state);
  expect(states).toEqual(['joined', 'joined', 'not joined', 'not joined']);
  await create('other.json', ...four);
  const foreign = await run('cluster', 'join', 'mine.json', '--merge', 'other.json', ...args);
  expect(foreign.json).toMatchObject({ error: { message: expect.stringContaining('another definition') } });
});

test('a stranger has no seat, and one account with several nodes says which', async () => {
  await create('seats.json', ...four);
  const stranger = await run(
    ...['cluster', 'join', 'seats.json', '--data-dir', 'stranger', '--private-key-file', at('op5.key')],
    ...['--listen-address', '/ip4/127.0.0.1/tcp/9000'],
  );
  expect(stranger.json).toMatchObject({ error: { message: expect.stringContaining('no seat') } });
  await run(
    'cluster',
    'create',
    '--vault',
    VAULT,
    '--network',
    'hoodi',
    '--operator',
    OPERATORS[0]!,
    '--nodes',
    '4',
    '--out',
    'one.json',
  );
  for (const index of ['3', '1']) {
    const { json } = await run(
      ...['cluster', 'join', 'one.json', '--index', index, '--data-dir', `one-${index}`],
      ...['--listen-address', `/ip4/127.0.0.1/tcp/900${index}`, '--private-key-file', at('op1.key')],
    );
    expect((json.operators as { state: string }[])[Number(index) - 1]).toMatchObject({ state: 'joined' });
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdfast, killAll, temporary } from './support/cli.ts';

let dir: ReturnType<typeof temporary>;
beforeAll(() => {
  dir = temporary();
});
afterAll(async () => {
  await killAll();
  dir.dispose();
});

const POOL = ['up', 'devnet', 'deploy', 'keeper', 'verify', 'status', 'operator', 'fault'];
const COMMANDS = [...POOL, 'signer', 'keys', 'protection', 'dkg', 'node'];
/** Nobody listens on port 1. */
const NOWHERE = 'http://127.0.0.1:1';

test('help names every command, the exit codes and where to begin; every command teaches by example', async () => {
  const { code, out, err } = await holdfast([]);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  for (const text of [...COMMANDS, 'Exit codes:', 'Begin with:', 'HOLDFAST_RPC_URL']) expect(out).toContain(text);
  const helps = await Promise.all(COMMANDS.map((command) => holdfast([command, '--help'])));
  for (const help of helps) {
    expect(help.code).toBe(0);
    expect(help.out).toMatch(/Examples?:\n/);
  }
});

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['up', '--nonsense'], "unknown option '--nonsense'"],
  [['up', '--no-clusters', '--cluster-operators', '2'], '--cluster-operators needs clusters'],
  [['up', '--signer', '--cluster-operators', '2'], '--signer has none'],
  [['devnet', '--slot-seconds', '0'], 'from 1 to 3600'],
  [['devnet', '--fork', 'phase0'], 'Allowed choices are electra, fulu, gloas'],
  [['devnet', 'surplus'], 'too many arguments'],
  [['verify', '--rpc-url', 'localhost'], 'must be a URL'],
  [['verify', '--rpc-url', NOWHERE], 'no --beacon-url was given'],
  [['status'], 'no --rpc-url was given'],
  [['deploy', '--rpc-url', NOWHERE], 'no --beacon-url was given'],
  [['fault', 'doubleVote'], 'needs --validators'],
  [['up', '--config', 'no-such-file.json'], 'the settings file cannot be read'],
] as const)('%j is bad usage, said in one sentence', async (args, message) => {
  const { code, out, err } = await holdfast(args, { cwd: dir.path });
  expect(err).toContain(message);
  expect(err).not.toContain('    at ');
  expect({ code, out }).toEqual({ code: 2, out: '' });
});

test('with --json an error is JSON on standard output', async () => {
  const { code, out } = await holdfast(['verify', '--rpc-url', NOWHERE, '--beacon-url', NOWHERE, '--json']);
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({
    error: { code: 'CLI_NETWORK', message: expect.stringContaining('no beacon node') },
  });
});

test('what may be secret is not repeated', async () => {
  const key = '11'.repeat(32);
  const unknown = await holdfast(['keeper', `--private-key=0x${key}`]);
  expect(unknown.code).toBe(2);
  const url = `http://user:hunter2@127.0.0.1:1/v3/${key}`;
  const unreachable = await holdfast(['verify', '--rpc-url', url, '--beacon-url', url, '--debug']);
  expect(unreachable.code).toBe(3);
  for (const { out, err } of [unknown, unreachable]) expect(out + err).not.toMatch(/1111|hunter2/);
});

test('flags win over the environment, that over the settings file, that over defaults', async () => {
  const settings = {
    rpcUrl: 'http://127.0.0.1:9/file',
    beaconUrl: ['http://127.0.0.1:1'],
    verify: { pool: 'file.json' },
  };
  writeFileSync(join(dir.path, 'holdfast.config.json'), JSON.stringify(settings));
  const failing = async (args: readonly string[], env: Record<string, string> = {}) => {
    const { code, out } = await holdfast([...args, '--json'], { cwd: dir.path, env });
    return { code, message: (JSON.parse(out) as { error: { message: string } }).error.message };
  };
  // The beacon node is asked first: whose URL stands in the message was in force.
  expect((await failing(['verify'])).message).toContain('127.0.0.1:1:');
  expect((await failing(['verify'], { HOLDFAST_BEACON_URL: 'http://127.0.0.1:2' })).message).toContain('127.0.0.1:2:');
  const flag = ['verify', '--beacon-url', 'http://127.0.0.1:3'];
  expect((await failing(flag, { HOLDFAST_BEACON_URL: 'http://127.0.0.1:2' })).message).toContain('127.0.0.1:3:');
});

test.each([
  ['{"nonsense": 1}', '"nonsense" in the settings file is no setting'],
  ['{"up": {"nonsense": 1}}', '"nonsense" in the settings file is no setting'],
  ['{"up": {"validators": 3}}', 'It must be a whole number from 32 to 1024'],
  ['{"up": {"keeper": "no"}}', 'must be true or false'],
  ['{"up": {"adapter": "geth"}}', 'It must be one of edr, engine'],
  ['[]', 'must hold an object'],
  ['{', 'is not JSON'],
])('the settings file %s is refused', async (text, message) => {
  const path = join(dir.path, 'bad.json');
  writeFileSync(path, text);
  const { code, err } = await holdfast(['up', '--config', path]);
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test('deploy prints configurations to begin with, which it takes back', async () => {
  for (const preset of ['mainnet', 'devnet']) {
    const { code, out } = await holdfast(['deploy', '--print-config', preset]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveProperty('vault.dripSeconds');
  }
});

test('devnet prints a genesis for a client of your own', async () => {
  const { code, out } = await holdfast(['devnet', '--print-genesis']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ config: { chainId: 31337, pragueTime: 0 } });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyToAccount } from 'viem/accounts';
import { freePorts } from '../../src/net/ports.ts';
import { run } from '../../src/run.ts';

/** Accounts of operators: known to everybody. */
const KEYS = Array.from({ length: 8 }, (_, i) => `0x${(7 * i + 1).toString(16).padStart(64, '0')}` as const);
export const OPERATORS = KEYS.map((key) => privateKeyToAccount(key).address);
export const VAULT = `0x${'aa'.repeat(20)}`;

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The last line of output. */
  readonly json: Record<string, unknown>;
}

/** A command in this process: as quick as a call. With --json. */
export async function command(
  cwd: string,
  args: readonly string[],
  signal = new AbortController().signal,
): Promise<Answer> {
  const told = { out: '', err: '' };
  const io = {
    out: (text: string) => {
      told.out += text;
    },
    err: (text: string) => {
      told.err += text;
    },
    live: false,
    color: false,
    env: {},
    cwd,
  };
  const code = await run([...args, '--json'], io, signal);
  const lines = told.out.trim().split('\n');
  return { code, ...told, json: JSON.parse(lines.at(-1) || '{}') as Record<string, unknown> };
}

export function writeOperatorKeys(cwd: string): void {
  for (const [i, key] of KEYS.entries()) writeFileSync(join(cwd, `op${i + 1}.key`), key, { mode: 0o600 });
}

/** Enters operator `op`'s node, whose directory is `dir`, or signs the whole. */
export async function joins(cwd: string, file: string, op: number, dir: string, port?: number): Promise<Answer> {
  const address = port === undefined ? [] : ['--listen-address', `/ip4/127.0.0.1/tcp/${port}`];
  const args = ['cluster', 'join', file, '--data-dir', dir, '--private-key-file', join(cwd, `op${op}.key`), ...address];
  const answer = await command(cwd, args);
  if (answer.code !== 0) throw new Error(answer.out + answer.err);
  return answer;
}

/**
 * A definition that operators 1…n have signed, with nodes in `NAME-1`…`NAME-n`. Returns its file.
 *
 * @param more the network, and `--pool` where not `VAULT` is paid
 */
export async function defined(
  cwd: string,
  name: string,
  nodes: number,
  more: readonly string[] = ['--network', 'hoodi'],
): Promise<string> {
  const file = join(cwd, `${name}.json`);
  const operators = OPERATORS.slice(0, nodes).flatMap((operator) => ['--operator', operator]);
  const paid = more.includes('--pool') ? [] : ['--vault', VAULT];
  const answer = await command(cwd, [
    'cluster',
    'create',
    '--name',
    name,
    '--out',
    file,
    ...paid,
    ...operators,
    ...more,
  ]);
  if (answer.code !== 0) throw new Error(answer.out + answer.err);
  const ports = await freePorts(nodes);
  for (const [i, port] of ports.entries()) await joins(cwd, file, i + 1, `${name}-${i + 1}`, port);
  for (let op = 1; op < nodes; op += 1) await joins(cwd, file, op, `${name}-${op}`);
  return file;
}

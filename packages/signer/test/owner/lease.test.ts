import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lease, LOCK_FILE, OWNER_FILE, ownerOf } from '../../src/owner/Lease.ts';
import { FileLock } from '../../src/owner/lock.ts';
import { readOwner } from '../../src/owner/record.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-owner-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const HOLDER = join(import.meta.dirname, 'holder.ts');

/** A process that tries to own the directory, and what it said first. */
async function holder(): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', HOLDER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

/** A lease whose clock and sleep the test moves. */
function manual(over: { boot?: string; onSleep?: () => void } = {}) {
  const state = { now: 0, slept: 0 };
  const ports = {
    now: () => state.now,
    sleep: async (ms: number) => {
      state.slept += ms;
      over.onSleep?.();
    },
    ...(over.boot === undefined ? {} : { boot: over.boot }),
  };
  return { state, ports };
}

test('a second process is refused and told who holds the directory', async () => {
  const first = await holder();
  expect(first.said).toBe(`held by ${first.child.pid}`);
  const failure = await Lease.take(dir, { purpose: 'test' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'SIGNER_OWNED',
    data: { directory: dir, pid: first.child.pid, purpose: 'holder', since: expect.stringMatching(/^\d{4}-/) },
  });
  expect((await holder()).said).toBe('SIGNER_OWNED');
  expect(ownerOf(dir)).toMatchObject({ pid: first.child.pid });
});

test('a killed owner leaves nothing to clean up', async () => {
  const first = await holder();
  first.child.kill('SIGKILL');
  await once(first.child, 'close');
  expect(readOwner(join(dir, OWNER_FILE))).toMatchObject({ pid: first.child.pid });
  expect(ownerOf(dir)).toBeNull();
  const lease = await Lease.take(dir, { purpose: 'test' });
  lease.check();
  lease.release();
});

test('within one process there is one owner too, and looking does not take', async () => {
  const lease = await Lease.take(dir, { purpose: 'test' });
  expect(ownerOf(dir)).toMatchObject({ purpose: 'test' });
  await expect(Lease.take(dir, { purpose: 'second' })).rejects.toMatchObject({ code: 'SIGNER_OWNED' });
  expect((await holder()).said).toBe('SIGNER_OWNED');
  lease.release();
  lease.release();
  expect(readOwner(join(dir, OWNER_FILE))).toBeNull();
  (await Lease.take(dir, { purpose: 'third' })).release();
});

test.each([
  ['its lock file was removed', () => rmSync(join(dir, LOCK_FILE))],
  [
    'its lock file was replaced',
    () => {
      renameSync(join(dir, LOCK_FILE), join(dir, 'moved'));
      writeFileSync(join(dir, LOCK_FILE), '');
    },
  ],
  ['another wrote itself in', () => writeFileSync(join(dir, OWNER_FILE), '{"token":"other","beats":1,"pid":7}')],
  ['the directory is gone', () => rmSync(dir, { recursive: true })],
])('the lease is lost when %s', async (_, harm) => {
  const { ports } = manual();
  const lost: string[] = [];
  const lease = await Lease.take(dir, { purpose: 'test', ports, onLost: ({ code }) => lost.push(code) });
  lease.check();
  harm();
  lease.beat();
  expect(() => lease.check()).toThrow(expect.objectContaining({ code: 'SIGNER_LEASE_LOST', kind: 'stopped' }));
  lease.beat();
  expect(lost).toEqual(['SIGNER_LEASE_LOST']);
  lease.release();
});

test('after a pause ownership is confirmed before anything is signed', async () => {
  const { state, ports } = manual();
  const lease = await Lease.take(dir, { purpose: 'test', leaseMs: 9_000, ports });
  const stolen = { ...lease.owner, token: 'other' };
  writeFileSync(join(dir, OWNER_FILE), JSON.stringify(stolen));
  state.now = 5_999;
  lease.check();
  state.now = 6_000;
  expect(() => lease.check()).toThrow(/another owner/);
  expect(JSON.parse(readFileSync(join(dir, OWNER_FILE), 'utf8'))).toMatchObject({ token: 'other' });
  lease.release();
  expect(readOwner(join(dir, OWNER_FILE))?.token).toBe('other');
});

test('an owner of another boot, where locks may not reach, must be seen to be silent', async () => {
  const path = join(dir, OWNER_FILE);
  const other = { token: 'other', beats: 4, pid: 7, host: 'elsewhere', boot: 'b', purpose: 'signer', since: 's' };
  const write = (beats: number) => writeFileSync(path, JSON.stringify({ ...other, beats }));
  write(4);
  const alive = manual({ boot: 'a', onSleep: () => write(5) });
  await expect(Lease.take(dir, { purpose: 'test', ports: alive.ports })).rejects.toMatchObject({
    code: 'SIGNER_OWNED',
    data: { host: 'elsewhere', pid: 7 },
  });
  const silent = manual({ boot: 'a' });
  const waited: number[] = [];
  const lease = await Lease.take(dir, { purpose: 'test', ports: silent.ports, onWait: (_, ms) => waited.push(ms) });
  expect([silent.state.slept, waited]).toEqual([15_000, [15_000]]);
  lease.release();
  // The same boot: the lock alone decides, and nobody waits.
  write(4);
  const here = manual({ boot: 'b' });
  (await Lease.take(dir, { purpose: 'test', ports: here.ports })).release();
  expect(here.state.slept).toBe(0);
});

test('a lock file that is none, and a directory that is none, are said to be', async () => {
  await expect(Lease.take(join(dir, 'none'), { purpose: 'test' })).rejects.toMatchObject({ code: 'SIGNER_OWNER_LOCK' });
  writeFileSync(join(dir, LOCK_FILE), 'not a database, but long enough to be read as the header of one'.repeat(20));
  await expect(Lease.take(dir, { purpose: 'test' })).rejects.toMatchObject({ code: 'SIGNER_OWNER_LOCK' });
});

test('without the lock two processes would both own the directory (mutant)', async () => {
  const first = await holder();
  rmSync(join(dir, LOCK_FILE));
  rmSync(join(dir, OWNER_FILE));
  const second = FileLock.tryTake(join(dir, LOCK_FILE));
  expect(first.child.exitCode).toBeNull();
  expect(second).not.toBeNull();
  second?.release();
});

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerKill } from '../../src/kill/api.ts';
import { KILL_FILE, type Killed, KillSwitch } from '../../src/kill/KillSwitch.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-kill-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const stopped = expect.objectContaining({ code: 'SIGNER_KILLED', kind: 'stopped' });

test('it stops at once, is on disk, survives a restart, and is released on purpose only', () => {
  const kill = new KillSwitch({ directory });
  kill.check();
  expect(kill.kill({ by: 'test', why: 'drill' })).toMatchObject({ by: 'test', why: 'drill', durable: true });
  expect(() => kill.check()).toThrow(stopped);
  const after = new KillSwitch({ directory });
  expect(() => after.check()).toThrow(/by=test, why=drill/);
  expect(after.state()).toMatchObject({ by: 'test', why: 'drill', at: expect.stringMatching(/^\d{4}-/) });
  after.resume();
  after.resume();
  kill.check();
  expect(kill.state()).toBeNull();
});

test('whoever can make a file can stop it, whatever the file holds', () => {
  const kill = new KillSwitch({ directory });
  for (const text of ['', 'null', '{"by":7}', '{', '\0'.repeat(10_000)]) {
    writeFileSync(join(directory, KILL_FILE), text);
    expect(() => kill.check()).toThrow(stopped);
    expect(kill.state()).toEqual({ by: 'a file', why: '', at: '', durable: true });
    kill.resume();
    kill.check();
  }
  symlinkSync('nowhere', join(directory, KILL_FILE));
  expect(() => kill.check()).toThrow(stopped);
});

test('who pulls it twice is not recorded over the first', () => {
  const kill = new KillSwitch({ directory });
  kill.kill({ by: 'first' });
  expect(kill.kill({ by: 'second' })).toMatchObject({ by: 'first' });
});

test('when the disk refuses, signing stops all the same, and it is said that a restart would forget', () => {
  const told: (Killed | null)[] = [];
  const kill = new KillSwitch({ directory: join(directory, 'gone'), onChange: (killed) => told.push(killed) });
  kill.check();
  expect(() => kill.kill({ by: 'test' })).toThrow(expect.objectContaining({ code: 'SIGNER_KILL_SWITCH' }));
  expect(() => kill.check()).toThrow(stopped);
  expect(told).toEqual([expect.objectContaining({ durable: false })]);
  expect(() => kill.resume()).toThrow(expect.objectContaining({ code: 'SIGNER_KILL_SWITCH' }));
  expect(() => kill.check()).toThrow(stopped);
});

test('what cannot be looked at counts as pulled', () => {
  // A path that the system refuses to look up.
  const kill = new KillSwitch({ directory: join(directory, 'x'.repeat(300)) });
  expect(() => kill.check()).toThrow(stopped);
});

test('changes by other processes are told once each', async () => {
  const told: (Killed | null)[] = [];
  const changed = () => new Promise<void>((resolve) => waiting.push(resolve));
  const waiting: (() => void)[] = [];
  const kill = new KillSwitch({
    directory,
    watchMs: 5,
    onChange: (killed) => {
      told.push(killed);
      for (const wake of waiting.splice(0)) wake();
    },
  });
  kill.watch();
  let next = changed();
  new KillSwitch({ directory }).kill({ by: 'another process' });
  await next;
  next = changed();
  new KillSwitch({ directory }).resume();
  await next;
  kill.close();
  expect(told).toEqual([expect.objectContaining({ by: 'another process' }), null]);
});

test('the API tells, pulls and releases', () => {
  const kill = new KillSwitch({ directory });
  expect(answerKill(kill, 'GET', undefined, 'ops')).toEqual({ status: 200, body: { killed: false } });
  expect(answerKill(kill, 'POST', { why: 7 }, 'ops').status).toBe(400);
  expect(existsSync(kill.path)).toBe(false);
  expect(answerKill(kill, 'POST', { why: 'drill' }, 'ops')).toMatchObject({
    status: 200,
    body: { killed: true, by: 'API client ops', why: 'drill' },
  });
  expect(JSON.parse(readFileSync(kill.path, 'utf8'))).toMatchObject({ why: 'drill' });
  expect(answerKill(kill, 'DELETE', undefined, 'ops').body).toEqual({ killed: false });
  for (const body of [undefined, null, {}])
    expect(answerKill(kill, 'POST', body, 'ops').body).toMatchObject({ killed: true });
  expect(answerKill(kill, 'PUT', undefined, 'ops').status).toBe(405);
  const broken = new KillSwitch({ directory: join(directory, 'gone') });
  expect(answerKill(broken, 'POST', {}, 'ops')).toMatchObject({ status: 500, body: { killed: true } });
});

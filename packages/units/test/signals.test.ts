import { getEventListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { joinSignals } from '../src/index.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** What is only weakly known is gone after it: finalizers run between turns. */
async function collectAll(): Promise<void> {
  for (let i = 0; i < 5; i += 1) {
    collect();
    await sleep(5);
  }
}
const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});
/** Takes requests and never answers, or never ends its answer. */
async function silent(answers: boolean): Promise<string> {
  server = createServer((_request, response) => void (answers && response.write('so far')));
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

type Join = (parent: AbortSignal) => AbortSignal;
const ours: Join = (parent) => joinSignals(parent, new AbortController().signal).signal;
const theirs: Join = (parent) => AbortSignal.any([parent, new AbortController().signal]);

/** What becomes of a wait whose signal nobody else knows, once the parent fires. */
async function fate(wait: (signal: AbortSignal) => Promise<unknown>, join: Join): Promise<string> {
  const parent = new AbortController();
  // Not in this frame, which would keep the signal alive.
  const start = (): Promise<string> =>
    wait(join(parent.signal)).then(
      () => 'ends',
      () => 'ends',
    );
  const outcome = start();
  await sleep(20);
  await collectAll();
  parent.abort(new Error('stopped'));
  return Promise.race([outcome, sleep(300).then(() => 'hangs')]);
}

describe('several signals as one', () => {
  it('fires with the first, with its reason, once', () => {
    const [a, b] = [new AbortController(), new AbortController()];
    const { signal } = joinSignals(a.signal, undefined, b.signal);
    let fired = 0;
    signal.addEventListener('abort', () => {
      fired += 1;
    });
    expect(signal.aborted).toBe(false);
    b.abort('second');
    a.abort('first');
    expect([signal.reason, fired]).toEqual(['second', 1]);
    expect(joinSignals(new AbortController().signal, a.signal).signal.reason).toBe('first');
    expect(joinSignals(undefined).signal.aborted).toBe(false);
  });

  it('leaves nothing with signals that live on, fired or disposed of', () => {
    const parent = new AbortController();
    for (let i = 0; i < 1000; i += 1) {
      const own = new AbortController();
      using joined = joinSignals(parent.signal, own.signal);
      if (i % 2 === 0) own.abort();
      expect(joined.signal.aborted).toBe(i % 2 === 0);
      expect(listeners(parent.signal)).toBe(i % 2);
    }
    expect(listeners(parent.signal)).toBe(0);
  });

  it('is heard, after garbage was collected, by those that listen weakly; the one of the platform is not', async () => {
    const resource = {};
    const weakly = (signal: AbortSignal): Promise<void> => aborted(signal, resource);
    expect(await fate(weakly, ours)).toBe('ends');
    expect(await fate(weakly, theirs)).toBe('hangs');
  });

  it.each([false, true])('is heard by a request that alone knows it (answer begun: %s)', async (begun) => {
    const url = await silent(begun);
    expect(await fate((signal) => fetch(url, { signal }).then((response) => response.text()), ours)).toBe('ends');
  });
});

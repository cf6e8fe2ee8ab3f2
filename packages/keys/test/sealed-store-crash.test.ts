import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeysError, SealedStore } from '../src/index.ts';
import { keysAfter } from './support/crash-model.ts';
import { testKey } from './support/keys.ts';
import { cheapKek, removeDirectory, temporaryDirectory } from './support/stores.ts';

const CHILD = fileURLToPath(new URL('./support/crash-child.ts', import.meta.url));
const DEEP = process.env.HOLDFAST_DEEP === '1';
const ROUNDS = DEEP ? 200 : 10;
const SEED = Number(process.env.HOLDFAST_SEED ?? 20_260_101);

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => removeDirectory(directory));

/** Random numbers below `max` that a seed repeats (mulberry32). */
function randomFrom(seed: number): (max: number) => number {
  let state = seed;
  return (max) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % max;
  };
}

/** Lets a child change the store from operation `first` on, kills it, and gives how many operations it had confirmed. */
async function changedAndKilled(first: number, kind: 'atomic' | 'torn', afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, directory, String(first), kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let confirmed = first;
  for await (const line of createInterface(child.stdout)) {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), afterMs);
    else confirmed = Number(line) + 1;
  }
  await closed;
  return confirmed;
}

/** How many operations the store on disk shows, of `confirmed` or one more; undefined when neither. */
async function stateOnDisk(confirmed: number): Promise<number | undefined> {
  const store = await SealedStore.open(directory, cheapKek());
  const found = new Set((await store.unseal()).map(({ pubkey }) => pubkey));
  return [confirmed, confirmed + 1].find((count) => {
    const wanted = [...keysAfter(count)].map((key) => testKey(key).pubkey);
    return wanted.length === found.size && wanted.every((pubkey) => found.has(pubkey));
  });
}

describe(`SIGKILL while the store changes (seed ${SEED})`, () => {
  test('leaves the old state or the new one, and never loses what was confirmed', { timeout: 600_000 }, async () => {
    const random = randomFrom(SEED);
    let done = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const confirmed = await changedAndKilled(done, 'atomic', random(40));
      const state = await stateOnDisk(confirmed);
      expect(state, `round ${round}, ${confirmed} operations confirmed`).toBeDefined();
      done = state!;
    }
    expect(done).toBeGreaterThan(0);
  });

  test('the mutant that writes in place is caught', { timeout: 600_000 }, async () => {
    const random = randomFrom(SEED);
    for (let round = 0; round < 60; round += 1) {
      removeDirectory(directory);
      await SealedStore.open(directory, cheapKek(), { create: true });
      const confirmed = await changedAndKilled(0, 'torn', random(40));
      const state = await stateOnDisk(confirmed).catch((error: unknown) => {
        expect(error).toBeInstanceOf(KeysError);
        return undefined;
      });
      if (state === undefined) return;
    }
    expect.unreachable('no torn write was seen');
  });
});

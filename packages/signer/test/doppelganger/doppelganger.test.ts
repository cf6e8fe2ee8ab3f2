import { asRoot } from '@holdfast/units';
import { expect, test } from 'vitest';
import { KEY, OTHER, standing, World } from './support.ts';

/** Slot 10 of epoch 100. */
const START = 100 * 32 + 10;

/** A world in epoch 100 whose key is being watched. */
function begin(over: Parameters<World['watcher']>[0] = {}) {
  const world = new World(START);
  const watcher = world.watcher(over);
  watcher.watch([KEY]);
  return { world, watcher };
}

test('a silent key is cleared after two full epochs, not an instant before', async () => {
  const { world, watcher } = begin();
  expect(standing(watcher)).toBe('wait');
  // The rest of epoch 100, then 101 and 102, then a quarter of 103 for the last messages to spread.
  await world.run(watcher, 22 + 32 + 32 + 7);
  expect(standing(watcher)).toBe('wait');
  await world.run(watcher, 1);
  expect(standing(watcher)).toBe('clear');
  expect(world.events).toEqual([{ kind: 'cleared', pubkeys: [KEY], why: 'silent' }]);
  expect(watcher.status()).toEqual({ waiting: 0, clear: 1, barred: [], troubles: [] });
});

test("the number of epochs is the operator's choice", async () => {
  const { world, watcher } = begin({ epochs: 1 });
  await world.run(watcher, 22 + 32 + 8);
  expect(standing(watcher)).toBe('clear');
});

test.each([
  ['while its epoch runs', 101, 22 + 5],
  ['in the second epoch', 102, 22 + 32 + 5],
])('a key that is seen at work is barred, %s', async (_, epoch, slots) => {
  const { world, watcher } = begin();
  watcher.watch([OTHER]);
  world.live.add(`${epoch} ${KEY}`);
  await world.run(watcher, slots);
  expect(standing(watcher)).toBe('found');
  expect(world.events).toEqual([{ kind: 'barred', pubkey: KEY, epoch, node: 'node' }]);
  expect(() => watcher.check(KEY)).toThrow(/DOPPELGANGER: another instance signs with this key/);
  // It stays barred; the other key goes its way.
  await world.run(watcher, 200);
  expect([standing(watcher), standing(watcher, OTHER)]).toEqual(['found', 'clear']);
});

test('one node that saw it is enough, also when others saw nothing', async () => {
  const { world, watcher } = begin();
  const blind = world.node('blind', {
    liveness: async (_, indices) => new Map(indices.map((index) => [index, false])),
  });
  const pair = world.watcher({ nodes: [blind, world.node('seeing')] });
  pair.watch([KEY]);
  world.live.add(`101 ${KEY}`);
  await world.run(pair, 30);
  expect(standing(pair)).toBe('found');
  expect(standing(watcher)).toBe('wait');
});

test('the epoch of the start and those before say nothing: it may be our own last signature', async () => {
  const { world, watcher } = begin();
  for (const epoch of [98, 99, 100]) world.live.add(`${epoch} ${KEY}`);
  await world.run(watcher, 94);
  expect(standing(watcher)).toBe('clear');
});

test('own signatures in the history are no doppelganger; epochs after them are judged', async () => {
  // The history reaches into epoch 101: a claim for the epoch to come, or an import with a margin.
  const world = new World(START);
  world.own.set(KEY, 101n);
  world.live.add(`101 ${KEY}`);
  const watcher = world.watcher();
  watcher.watch([KEY]);
  await world.run(watcher, 94);
  expect(standing(watcher)).toBe('wait');
  await world.run(watcher, 32);
  expect(standing(watcher)).toBe('clear');
  // Without the history the same sign is somebody else (mutant).
  const forgetful = new World(START);
  forgetful.live.add(`101 ${KEY}`);
  const other = forgetful.watcher();
  other.watch([KEY]);
  await forgetful.run(other, 94);
  expect(standing(other)).toBe('found');
});

test('another signer on the same store signs meanwhile: that is no doppelganger, and no reason to wait for ever', async () => {
  const { world, watcher } = begin();
  world.own.set(KEY, 99n);
  for (let slots = 0; slots < 94; slots += 1) {
    const epoch = Math.floor((world.slot + 1) / 32);
    world.own.set(KEY, BigInt(epoch));
    world.live.add(`${epoch} ${KEY}`);
    await world.run(watcher, 1);
  }
  expect(standing(watcher)).toBe('clear');
  expect(world.events).toEqual([{ kind: 'cleared', pubkeys: [KEY], why: 'shared-history' }]);
});

test('keys that are not active need no wait; one active key does', async () => {
  const { world, watcher } = begin();
  watcher.watch([OTHER]);
  world.active.delete(OTHER);
  await world.run(watcher, 1);
  expect([standing(watcher), standing(watcher, OTHER)]).toEqual(['wait', 'clear']);
  // One node that knows it as active is enough to wait.
  const pair = world.watcher({ nodes: [world.node('stale', { validators: async () => new Map() }), world.node()] });
  pair.watch([KEY]);
  await world.run(pair, 1);
  expect(standing(pair)).toBe('wait');
});

test.each([
  ['unreachable', { status: () => Promise.reject(new Error('ECONNREFUSED')) }, /does not answer: ECONNREFUSED/],
  ['syncing', { syncing: true }, /is syncing/],
  ['on another network', { genesis: asRoot(`0x${'22'.repeat(32)}`) }, /another network/],
  ['standing still', { head: () => START - 17 }, /far behind/],
  ['ahead of the clock', { head: () => START + 10_000 }, /ahead of the clock/],
  ['silent about liveness', { liveness: () => Promise.reject(new Error('HTTP 503')) }, /who was live: HTTP 503/],
  ['silent about validators', { validators: () => Promise.reject(new Error('HTTP 500')) }, /list validators: HTTP 500/],
  ['leaving the key out', { liveness: async () => new Map([[9, false]]) }, null],
] as const)('a node that is %s clears nothing, and it is said', async (_, over, message) => {
  const world = new World(START);
  const watcher = world.watcher({ nodes: [world.node('bad', over)] });
  watcher.watch([KEY]);
  await world.run(watcher, 300);
  expect(standing(watcher)).toBe('wait');
  if (message) {
    expect(watcher.status().troubles.join()).toMatch(message);
    expect(() => watcher.check(KEY)).toThrow(message);
  }
  // Said once, not at every slot.
  expect(world.events.filter(({ kind }) => kind === 'trouble').length).toBeLessThanOrEqual(2);
});

test('when the node comes back the watch goes on, with epochs counted from then', async () => {
  const world = new World(START);
  let down = true;
  const honest = world.node();
  const status = () => (down ? Promise.reject(new Error('down')) : honest.status());
  const watcher = world.watcher({ nodes: [{ ...honest, status }] });
  watcher.watch([KEY]);
  await world.run(watcher, 22 + 32 + 20);
  down = false;
  // Epoch 101 can still be asked for, as the one before; 102 follows.
  await world.run(watcher, 12 + 7);
  expect(standing(watcher)).toBe('wait');
  await world.run(watcher, 1);
  expect(standing(watcher)).toBe('clear');
  expect(world.events.map(({ kind }) => kind)).toEqual(['trouble', 'trouble', 'cleared']);
});

test('a store that fails keeps keys waiting', async () => {
  const { world, watcher } = begin();
  world.historyFails = true;
  await world.run(watcher, 200);
  expect(standing(watcher)).toBe('wait');
  expect(watcher.status().troubles).toEqual(['the store is gone']);
});

test.each([64 * 12, -64 * 12, 13])('a wall clock that is set by %d s makes no epoch pass', async (seconds) => {
  const { world, watcher } = begin();
  await world.run(watcher, 40);
  world.wallMs += seconds * 1000;
  await watcher.poll();
  expect(world.events).toContainEqual(expect.objectContaining({ kind: 'restarted', keys: 1 }));
  await world.run(watcher, 54);
  expect(standing(watcher)).toBe('wait');
  await world.run(watcher, 64);
  expect(standing(watcher)).toBe('clear');
  // A small step while all is clear is no reason to stop.
  world.wallMs += 13_000;
  await world.run(watcher, 1);
  expect(standing(watcher)).toBe('clear');
});

test('after a pause of an epoch every key is watched anew: another may have been started meanwhile', async () => {
  const { world, watcher } = begin();
  await world.run(watcher, 94);
  expect(standing(watcher)).toBe('clear');
  world.pass(40);
  await watcher.poll();
  expect(standing(watcher)).toBe('wait');
  expect(world.events.at(-1)).toMatchObject({ kind: 'restarted', why: 'paused', keys: 1 });
});

test('a key that was imported later is watched by itself; a removed one is forgotten', async () => {
  const { world, watcher } = begin();
  await world.run(watcher, 94);
  expect(standing(watcher, OTHER)).toBe('wait');
  watcher.watch([KEY, OTHER]);
  expect([standing(watcher), standing(watcher, OTHER)]).toEqual(['clear', 'wait']);
  watcher.forget([KEY]);
  watcher.watch([KEY]);
  expect(standing(watcher)).toBe('wait');
});

test('ten thousand keys are judged in a moment', async () => {
  const world = new World(START);
  const watcher = world.watcher({
    nodes: [
      world.node('big', {
        validators: async (keys) => new Map(keys.map((key, index) => [key, { index, active: true }])),
        liveness: async (_, indices) => new Map(indices.map((index) => [index, false])),
      }),
    ],
  });
  const keys = Array.from({ length: 10_000 }, (_, i) => `0x${i.toString(16).padStart(96, '0')}` as typeof KEY);
  watcher.watch(keys);
  const began = performance.now();
  await watcher.poll();
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(watcher.status()).toMatchObject({ waiting: 10_000, troubles: [] });
});

import { afterEach, expect, test } from 'vitest';
import type { Devnet } from '../src/index.ts';
import { fakeDevnet } from './devnet-kit.ts';

let devnet: Devnet;
afterEach(() => devnet?.close());

test('old states and blocks are dropped, genesis stays, and what is gone is never made up', async () => {
  ({ devnet } = await fakeDevnet({ validators: 16, statesKept: 4, blocksKept: 8 }));
  const { store } = devnet.chain;
  await devnet.step(20);
  expect(store.blocks().map(({ slot }) => slot)).toEqual([0, 14, 15, 16, 17, 18, 19, 20]);
  expect(store.stateAt(18)!.slot).toBe(18);
  expect(store.stateAt(17)).toBeUndefined();
  expect(store.stateAt(13)).toBeUndefined();
  expect(store.stateAt(0)!.slot).toBe(0);
  expect(store.bySlot(13)).toBeUndefined();
  const { url } = await devnet.listen();
  expect((await fetch(`${url}/eth/v1/beacon/states/13/root`)).status).toBe(404);
  expect((await fetch(`${url}/eth/v1/beacon/states/genesis/root`)).status).toBe(200);
});

test('a state of an empty slot is the one before it, advanced', async () => {
  ({ devnet } = await fakeDevnet({ validators: 16 }));
  await devnet.step(2);
  await devnet.inject({ kind: 'offline', validators: [devnet.state.epochCtx.getBeaconProposer(3)], forSlots: 1 });
  await devnet.step();
  const root = Buffer.from(devnet.state.hashTreeRoot());
  await devnet.step(2);
  const { store } = devnet.chain;
  expect(store.bySlot(3)).toBeUndefined();
  expect(Buffer.from(store.stateAt(3)!.hashTreeRoot())).toEqual(root);
  expect(Buffer.from(store.cachedStateAt(4)!.hashTreeRoot()).toString('hex')).toBe(store.bySlot(4)!.stateRoot.slice(2));
});

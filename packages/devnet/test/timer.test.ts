import { afterEach, expect, test } from 'vitest';
import { Devnet } from '../src/index.ts';
import { fakeDevnet } from './devnet-kit.ts';
import { FakeExecution } from './fake-execution.ts';

let devnet: Devnet | undefined;
afterEach(() => devnet?.close());

test('on the timer a slot passes every second, at its true time', async () => {
  const execution = new FakeExecution(Math.floor(Date.now() / 1000) - 5);
  devnet = await Devnet.create({ execution, validators: 16, genesisTime: 'now', secondsPerSlot: 1 });
  devnet.start();
  expect(devnet.running).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await devnet.stop();
  expect(devnet.running).toBe(false);
  expect(devnet.slot).toBeGreaterThanOrEqual(2);
  expect(devnet.slot).toBeLessThanOrEqual(3);
  const now = Date.now() / 1000;
  expect(Math.abs(execution.sealed.at(-1)!.timestamp - now)).toBeLessThan(1.6);
});

test('a chain whose time is not the wall clock’s only keeps the pace, and stops when told', async () => {
  ({ devnet } = await fakeDevnet({ validators: 16, secondsPerSlot: 1 }));
  await devnet.step(3);
  devnet.start();
  devnet.start();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await devnet.stop();
  const { slot } = devnet;
  expect(slot).toBe(4);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(devnet.slot).toBe(slot);
});

test('a chain that cannot go on says so when stopped', async () => {
  const kit = await fakeDevnet({ validators: 16, secondsPerSlot: 1 });
  devnet = kit.devnet;
  kit.execution.seal = () => Promise.reject(new Error('the execution layer is gone'));
  devnet.start();
  await new Promise((resolve) => setTimeout(resolve, 1300));
  expect(devnet.running).toBe(false);
  await expect(devnet.stop()).rejects.toThrow('the execution layer is gone');
});

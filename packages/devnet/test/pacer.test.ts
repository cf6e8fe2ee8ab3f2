import { expect, test } from 'vitest';
import { Pacer } from '../src/index.ts';

const NEVER_MS = 60_000;

/** A chain that mines what was sent before a step. */
function chain(idleMs: number) {
  let [steps, sent, mined] = [0, 0, 0];
  const pacer = new Pacer(async () => {
    steps += 1;
    mined = sent;
  }, idleMs);
  const provider = pacer.watching({
    request: async ({ method }) => {
      if (method === 'eth_sendRawTransaction') sent += 1;
      return method;
    },
  });
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { pacer, provider, until, steps: () => steps, mined: () => mined };
}

test('a slot passes for each transaction, and none for anything else', async () => {
  const { pacer, provider, until, steps, mined } = chain(NEVER_MS);
  const task = async () => {
    for (let i = 1; i <= 3; i++) {
      expect(await provider.request({ method: 'eth_chainId' })).toBe('eth_chainId');
      await provider.request({ method: 'eth_sendRawTransaction' });
      await until(() => mined() === i);
    }
    return 'done';
  };
  expect(await pacer.during(task())).toBe('done');
  expect(steps()).toBe(3);
});

test('whoever waits for a slot without having sent gets one after a while', async () => {
  const { pacer, until, steps } = chain(5);
  await pacer.during(until(() => steps() === 4));
  expect(steps()).toBeGreaterThanOrEqual(4);
});

test('a task that fails ends the waiting with its error', async () => {
  const { pacer, steps } = chain(NEVER_MS);
  await expect(pacer.during(Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(steps()).toBe(0);
});

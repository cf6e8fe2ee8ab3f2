import type { BeaconEvent } from '@holdfast/beacon';
import { expect, it } from 'vitest';
import type { DutyContext } from '../src/duties/context.ts';
import { Duties } from '../src/duties/Duties.ts';
import { testChain } from './cluster-kit.ts';
import { TestClock } from './test-clock.ts';

it('every duty that waits for the head begins when it is seen, not only the last that began to wait', async () => {
  const chain = testChain(12_000, 60_000);
  const slot = 5;
  const asked: string[] = [];
  let announce = (): void => undefined;
  const announced = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const stop = new AbortController();
  async function* events(): AsyncGenerator<Partial<BeaconEvent>> {
    await announced;
    yield { topic: 'head', slot };
    await new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  // No more of a node than what these two duties touch before they ask the cluster.
  const context = {
    chain,
    // The slot has begun, and its time stands still: no duty ever falls due.
    clock: new TestClock(chain.startMs(slot)),
    beacon: { events },
    registry: { refresh: async () => undefined, active: [] },
    schedule: {
      has: () => true,
      load: async () => undefined,
      proposersAt: () => [],
      attestersAt: (at: number) => (at === slot ? [{}] : []),
      syncAt: (at: number) => (at === slot ? [{}] : []),
    },
    tasks: { selectionProof: () => ({}) },
    cluster: {
      sign: async () => [],
      agree: async ({ duty }: { duty: string }) => {
        asked.push(duty);
        throw new Error('that is all');
      },
    },
    observer: { stage: () => undefined, missed: () => undefined },
  } as unknown as DutyContext;
  const running = new Duties(context).run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toEqual([]);
  announce();
  await expect.poll(() => asked.toSorted(), { timeout: 5_000 }).toEqual(['attester', 'syncMessage']);
  stop.abort();
  await running;
});

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
      attestersIn: () => [],
      syncIn: () => [],
    },
    tasks: { selectionProof: () => ({}) },
    cluster: {
      sign: async () => [],
      agree: async ({ duty }: { duty: string }) => {
        asked.push(duty);
        throw new Error('that is all');
      },
    },
    observer: { stage: () => undefined, missed: () => undefined, unprepared: () => undefined },
  } as unknown as DutyContext;
  const running = new Duties(context).run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toEqual([]);
  announce();
  await expect.poll(() => asked.toSorted(), { timeout: 5_000 }).toEqual(['attester', 'syncMessage']);
  stop.abort();
  await running;
});

it('what was in hand when the node was told to stop was not missed by it', async () => {
  const chain = testChain(12_000, 60_000);
  const clock = new TestClock(chain.startMs(5));
  /** A node of one validator, to which its cluster answers when it is too late; what it said was missed. */
  const missedBy = async (endsBy: 'deadline' | 'stop'): Promise<string[]> => {
    const missed: string[] = [];
    const stop = new AbortController();
    const inHand = Promise.withResolvers<void>();
    const never = (_what: unknown, _deadlineMs: unknown, signal: AbortSignal): Promise<never> => {
      inHand.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    };
    const context = {
      chain,
      clock,
      feeRecipient: `0x${'fe'.repeat(20)}`,
      gasLimit: 1n,
      beacon: { events: async function* () {}, validatorApi: { prepareProposers: async () => undefined } },
      registry: { refresh: async () => undefined, active: [{ pubkey: `0x${'aa'.repeat(48)}`, index: 0 }] },
      schedule: {
        has: () => true,
        load: async () => undefined,
        proposersAt: () => [],
        attestersAt: () => [],
        syncAt: () => [],
        attestersIn: () => [],
        syncIn: () => [],
      },
      tasks: { registration: () => ({}) },
      cluster: { sign: endsBy === 'stop' ? never : async () => Promise.reject(new Error('too late')) },
      observer: { stage: () => undefined, missed: (duty: string) => missed.push(duty), unprepared: () => undefined },
    } as unknown as DutyContext;
    const running = new Duties(context).run(stop.signal);
    await (endsBy === 'stop'
      ? inHand.promise
      : expect.poll(() => missed.length, { timeout: 5_000 }).toBeGreaterThan(0));
    stop.abort(new Error('the node ends'));
    await running;
    return missed;
  };
  expect(await missedBy('deadline')).toEqual(['registration']);
  expect(await missedBy('stop')).toEqual([]);
});

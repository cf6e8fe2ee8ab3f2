import type { BeaconEvent } from '@holdfast/beacon';
import { FAR_FUTURE_EPOCH, type Pubkey } from '@holdfast/units';
import { expect, it } from 'vitest';
import type { DutyContext } from '../src/duties/context.ts';
import { Duties } from '../src/duties/Duties.ts';
import { Registry } from '../src/duties/Registry.ts';
import { Schedule } from '../src/duties/Schedule.ts';
import { subscribe } from '../src/duties/subscribe.ts';
import { testChain } from './cluster-kit.ts';
import { TestClock } from './test-clock.ts';

const PUBKEY = `0x${'aa'.repeat(48)}` as Pubkey;
const SLOTS = 8;
/** Of the minimal preset. */
const SYNC_PERIOD = 8;
const { signal } = new AbortController();

/** A beacon node that knows one validator, and has a duty of each kind for it in each epoch in which it is asked. */
function beaconWith(status: string, activationEpoch: bigint) {
  const told: unknown[] = [];
  const duties = (indices: readonly number[], duty: object) =>
    indices.map((validatorIndex) => ({ pubkey: PUBKEY, validatorIndex, ...duty }));
  const validatorApi = {
    attesterDuties: async (epoch: number, indices: readonly number[]) => ({
      duties: duties(indices, { slot: epoch * SLOTS, committeeIndex: 1, committeeLength: 4, committeesAtSlot: 2 }),
      dependentRoot: '0x',
    }),
    // Everybody's, asked or not.
    proposerDuties: async (epoch: number) => ({ duties: duties([4, 9], { slot: epoch * SLOTS }), dependentRoot: '0x' }),
    syncDuties: async (_epoch: number, indices: readonly number[]) =>
      duties(indices, { validatorSyncCommitteeIndices: [3, 17] }),
    subscribeCommittees: async (list: unknown) => void told.push(list),
    subscribeSyncCommittees: async (list: unknown) => void told.push(list),
  };
  const validators = async () => [{ index: 4, status, validator: { pubkey: PUBKEY, slashed: false, activationEpoch } }];
  return { told, beacon: { validatorApi, validators } as unknown as DutyContext['beacon'] };
}

async function scheduleWith(status: string, activationEpoch: bigint) {
  const { beacon, told } = beaconWith(status, activationEpoch);
  const registry = new Registry(beacon, [PUBKEY]);
  await registry.refresh();
  return { beacon, told, registry, schedule: new Schedule(beacon, registry) };
}

it('a validator has its duties from the first slot of the epoch in which it becomes active', async () => {
  const { schedule, registry } = await scheduleWith('pending_queued', 7n);
  expect(registry.active).toEqual([]);
  await schedule.load(6);
  await schedule.load(7);
  expect(schedule.attestersIn(6)).toEqual([]);
  expect(schedule.proposersAt(6 * SLOTS)).toEqual([]);
  expect(schedule.attestersAt(7 * SLOTS)).toHaveLength(1);
  expect(schedule.proposersAt(7 * SLOTS)).toMatchObject([{ validatorIndex: 4 }]);
});

it.each([
  ['pending_initialized', FAR_FUTURE_EPOCH, 0],
  ['exited_unslashed', 1n, 1],
  ['withdrawal_possible', 1n, 1],
] as const)(
  'one that is %s neither attests nor proposes; in its sync committee it serves on',
  async (status, activation, serving) => {
    const { schedule } = await scheduleWith(status, activation);
    await schedule.load(7);
    expect([...schedule.attestersIn(7), ...schedule.proposersAt(7 * SLOTS)]).toEqual([]);
    expect(schedule.syncIn(7)).toHaveLength(serving);
  },
);

it('beacon nodes are told in which committees the validators sit', async () => {
  const { schedule, beacon, told } = await scheduleWith('active_ongoing', 1n);
  await schedule.load(9);
  await subscribe({ schedule, beacon }, 9, signal);
  expect(told).toEqual([
    [{ validatorIndex: 4, committeeIndex: 1, committeesAtSlot: 2, slot: 9 * SLOTS, isAggregator: true }],
    [{ validatorIndex: 4, syncCommitteeIndices: [3, 17], untilEpoch: 2 * SYNC_PERIOD }],
  ]);
  await subscribe({ schedule, beacon }, 10, signal);
  expect(told).toHaveLength(2);
});

it('a beacon node that is behind when the node starts is asked again in the next slot', async () => {
  const chain = testChain(12_000, 60_000);
  const clock = new TestClock(chain.startMs(5));
  const stop = new AbortController();
  const missed: string[] = [];
  let asked = 0;
  const known = new Set<number>();
  async function* events(_topics: unknown, over: AbortSignal): AsyncGenerator<Partial<BeaconEvent>> {
    await new Promise<void>((resolve) => over.addEventListener('abort', () => resolve(), { once: true }));
  }
  const context = {
    chain,
    clock,
    beacon: { events },
    registry: { refresh: async () => undefined, active: [] },
    schedule: {
      has: (epoch: number) => known.has(epoch),
      load: async (epoch: number) => {
        asked += 1;
        if (asked === 1) throw new Error('more than one epoch ahead');
        known.add(epoch);
      },
      proposersAt: () => [],
      attestersAt: () => [],
      syncAt: () => [],
      attestersIn: () => [],
      syncIn: () => [],
    },
    observer: { stage: () => undefined, missed: (duty: string) => missed.push(duty), unprepared: () => undefined },
  } as unknown as DutyContext;
  const running = new Duties(context).run(stop.signal);
  await expect.poll(() => missed, { timeout: 5_000 }).toEqual(['attester']);
  clock.set(chain.startMs(6));
  await expect.poll(() => known.size, { timeout: 5_000 }).toBeGreaterThan(0);
  stop.abort();
  await running;
});

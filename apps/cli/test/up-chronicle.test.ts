import type { DutyTrace } from '@holdfast/node';
import { expect, test } from 'vitest';
import { Chronicle, WINDOW_SLOTS } from '../src/commands/up/clusters/Chronicle.ts';
import type { NodeDigest } from '../src/commands/up/clusters/protocol.ts';

// What a cluster did is put together from what its nodes saw.
const SLOT_MS = 6_000;

const digest = (...duties: readonly DutyTrace[]): NodeDigest => ({
  stopped: null,
  slashed: false,
  reached: 3,
  faults: [0, 0, 0, 0],
  duties,
});
const vote = (slot: number, more: Partial<DutyTrace> = {}): DutyTrace => ({
  duty: 'attester',
  slot,
  stages: {},
  count: 0,
  partials: {},
  ...more,
});
const partials = (slot: number, times: Record<number, number>): DutyTrace =>
  vote(slot, { duty: 'partials', partials: times });

test('a duty that one node published is done, whatever the others missed', () => {
  const chronicle = new Chronicle(SLOT_MS);
  chronicle.add(digest(vote(7, { missed: 'no agreement in time', round: 2, leader: 0 })));
  expect(chronicle.rows()).toEqual([
    {
      slot: 7,
      duties: [{ duty: 'attester', done: false, round: 2, leader: 1, doneMs: null, why: 'no agreement in time' }],
    },
  ]);
  chronicle.add(digest(vote(7, { stages: { published: 2_400 }, round: 2, leader: 0 })));
  chronicle.add(digest(vote(7, { stages: { published: 2_300 }, round: 2, leader: 0 })));
  expect(chronicle.rows()[0]!.duties).toEqual([
    { duty: 'attester', done: true, round: 2, leader: 1, doneMs: 2_300, why: null },
  ]);
});

test('a duty under way is neither done nor missed', () => {
  const chronicle = new Chronicle(SLOT_MS);
  chronicle.add(digest(vote(7, { stages: { fetched: 2_010 } })));
  expect(chronicle.rows()[0]!.duties[0]).toMatchObject({ done: null, why: null });
});

test('who signs long after the first, or not at all, is late; by what any of the others saw', () => {
  const chronicle = new Chronicle(SLOT_MS);
  for (const slot of [7, 8, 9]) {
    chronicle.add(digest(partials(slot, { 1: 110, 2: 100 + SLOT_MS / 6 + 1 })));
    chronicle.add(digest(partials(slot, { 0: 100, 1: 300 })));
  }
  expect(chronicle.timeliness(1, 3)).toEqual({ partialMs: 100, late: false, led: 0 });
  expect(chronicle.timeliness(2, 3)).toEqual({ partialMs: 110, late: false, led: 0 });
  expect(chronicle.timeliness(3, 3)).toEqual({ partialMs: 1_101, late: true, led: 0 });
  expect(chronicle.timeliness(4, 3)).toEqual({ partialMs: null, late: true, led: 0 });
});

test('who led is counted in the newest slots only, and what is old is forgotten', () => {
  const chronicle = new Chronicle(SLOT_MS);
  for (let slot = 1; slot <= 2 * WINDOW_SLOTS; slot++)
    chronicle.add(digest(vote(slot, { round: 1, leader: slot % 2 })));
  expect(chronicle.timeliness(1, 6).led).toBe(3);
  const slots = chronicle.rows().map(({ slot }) => slot);
  expect(slots).toHaveLength(WINDOW_SLOTS);
  expect(slots[0]).toBe(2 * WINDOW_SLOTS);
  // A cluster whose validators have all left has nothing to tell any more.
  chronicle.forget(3 * WINDOW_SLOTS - 1);
  expect(chronicle.rows()).toHaveLength(1);
});

import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { deadline } from '../src/clock.ts';
import type { Clock } from '../src/index.ts';
import { TestClock } from './test-clock.ts';

/** Counts the alarms that are set. */
class CountingClock implements Clock {
  readonly inner = new TestClock(0);
  pending = 0;

  nowMs(): number {
    return this.inner.nowMs();
  }

  alarm(ms: number, ring: () => void): () => void {
    this.pending += 1;
    let isSet = true;
    const unset = (): void => {
      if (isSet) this.pending -= 1;
      isSet = false;
    };
    const cancel = this.inner.alarm(ms, () => {
      unset();
      ring();
    });
    return () => {
      unset();
      cancel();
    };
  }
}

it('a deadline leaves neither alarm nor listener, however it ends', () => {
  const clock = new CountingClock();
  const parent = new AbortController();
  const left = (): number => clock.pending + getEventListeners(parent.signal, 'abort').length;

  const over = deadline(clock, 100, parent.signal);
  expect(left()).toBe(2);
  clock.inner.set(100);
  expect([over.signal.aborted, (over.signal.reason as Error).name, left()]).toEqual([true, 'TimeoutError', 0]);

  const inTime = deadline(clock, 200, parent.signal);
  inTime.done();
  clock.inner.set(200);
  expect([inTime.signal.aborted, left()]).toEqual([false, 0]);

  const stopped = deadline(clock, 300, parent.signal);
  parent.abort('stopped');
  expect([stopped.signal.reason, left()]).toEqual(['stopped', 0]);
  expect([deadline(clock, 400, parent.signal).signal.reason, left()]).toEqual(['stopped', 0]);
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Deadlines } from '../../src/http/deadlines.ts';

describe('deadlines', () => {
  afterEach(() => void vi.useRealTimers());

  it('end what waits too long, in order, and nothing that was removed', () => {
    vi.useFakeTimers();
    const ended: number[] = [];
    const deadlines = new Deadlines(1_000);
    const waits = [0, 1, 2].map((n) => {
      const waiting = deadlines.add(() => ended.push(n));
      vi.advanceTimersByTime(400);
      return waiting;
    });
    deadlines.remove(waits[1]!);
    expect(ended).toEqual([0]);
    vi.advanceTimersByTime(1_000);
    expect(ended).toEqual([0, 2]);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.add(() => ended.push(3));
    vi.advanceTimersByTime(999);
    expect(ended).toEqual([0, 2]);
    vi.advanceTimersByTime(252);
    expect(ended).toEqual([0, 2, 3]);
  });
});

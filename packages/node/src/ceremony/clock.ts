import type { Clock } from '../clock.ts';

/** Time that does not jump when the machine's clock is set: deadlines of a ceremony are counted from its start. */
export const steadyClock: Clock = {
  nowMs: () => performance.now(),
  alarm(ms, ring) {
    const timer = setTimeout(ring, Math.max(0, ms - performance.now()));
    return () => clearTimeout(timer);
  },
};

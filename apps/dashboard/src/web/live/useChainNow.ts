import { useEffect, useState } from 'react';
import type { Live } from './useLiveState.ts';

/** A chain this far from the wall clock is stepped by hand: its time stands still between two blocks. */
const REAL_TIME_S = 600;

/** Seconds on the chain's clock, ticking between blocks where the chain lives in real time. */
export function useChainNow({ state, headSeenMs }: Live): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const head = state?.head?.timestamp ?? 0;
  const realTime = Math.abs(nowMs / 1000 - head) < REAL_TIME_S;
  return realTime ? Math.max(head, Math.floor(head + (nowMs - headSeenMs) / 1000)) : head;
}

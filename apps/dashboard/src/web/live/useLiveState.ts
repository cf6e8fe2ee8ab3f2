import { useEffect, useState } from 'react';
import type { DashboardState } from '../../shared/state.ts';

/** The server gives a sign of life every 2 s. */
const SILENCE_MS = 7_000;

export interface Live {
  /** Null until the first one came. */
  readonly state: DashboardState | null;
  readonly connected: boolean;
  /** When the newest block was heard of, by this browser's clock. */
  readonly headSeenMs: number;
}

/** The newest state that the server has told, and whether it still talks. */
export function useLiveState(): Live {
  const [live, setLive] = useState<Live>({ state: null, connected: false, headSeenMs: 0 });
  useEffect(() => {
    const source = new EventSource('/api/stream');
    let silence: ReturnType<typeof setTimeout> | undefined;
    const lost = () => setLive((before) => ({ ...before, connected: false }));
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(lost, SILENCE_MS);
    };
    source.addEventListener('state', (event: MessageEvent<string>) => {
      heard();
      const state = JSON.parse(event.data) as DashboardState;
      setLive((before) => ({
        state,
        connected: true,
        headSeenMs: before.state?.head?.block === state.head?.block ? before.headSeenMs : Date.now(),
      }));
    });
    source.addEventListener('beat', () => {
      heard();
      setLive((before) => (before.connected ? before : { ...before, connected: true }));
    });
    source.addEventListener('error', lost);
    heard();
    return () => {
      clearTimeout(silence);
      source.close();
    };
  }, []);
  return live;
}

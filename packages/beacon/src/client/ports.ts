import { setTimeout as sleepFor } from 'node:timers/promises';

/** Everything by which a client touches the world, so that tests and simulators can stand in for it. */
export interface ClientPorts {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds of a clock that does not go back. */
  readonly now: () => number;
  /** Ends early, with the signal's reason, when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A signal that fires after so many milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
  /** In [0, 1). Spreads retries; nothing secret depends on it. */
  readonly random: () => number;
}

export const systemPorts: ClientPorts = {
  fetch: (url, init) => fetch(url, init),
  now: () => performance.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, signal ? { signal } : {}),
  timeout: (ms) => AbortSignal.timeout(ms),
  random: Math.random,
};

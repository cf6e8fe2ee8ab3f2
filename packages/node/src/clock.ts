import { joinSignals } from '@holdfast/units';

/** Time as the node sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Calls back once, at `ms` since 1970 or at once when that is past. The function returned takes it back. */
  alarm(ms: number, ring: () => void): () => void;
}

/** The longest wait at a stretch: a clock that jumps is noticed after it. */
const LOOK_MS = 1000;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  alarm(ms, ring) {
    let timer: NodeJS.Timeout;
    const look = (): void => {
      const left = ms - Date.now();
      timer = setTimeout(left <= LOOK_MS ? ring : look, Math.max(0, Math.min(left, LOOK_MS)));
    };
    look();
    return () => clearTimeout(timer);
  },
};

/** Resolves at `ms` since 1970; rejects with the signal's reason. */
export function waitUntil(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.alarm(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** Fires at `ms` since 1970, or with `signal`. Call `done` when nobody listens any more: nothing stays with `signal`. */
export function deadline(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): { readonly signal: AbortSignal; done(): void } {
  const late = new AbortController();
  const joined = joinSignals(signal, late.signal);
  const cancel = clock.alarm(ms, () => late.abort(new DOMException('the deadline is over', 'TimeoutError')));
  if (joined.signal.aborted) cancel();
  else joined.signal.addEventListener('abort', cancel, { once: true });
  return {
    signal: joined.signal,
    done() {
      cancel();
      joined[Symbol.dispose]();
    },
  };
}

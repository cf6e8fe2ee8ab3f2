/** Time as the node sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Resolves at `ms` since 1970, or at once when that is past; rejects with the signal's reason. */
  at(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's clock. A jump is seen at the next look: waits are cut into pieces of a second. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async at(ms, signal) {
    for (let left = ms - Date.now(); left > 0; left = ms - Date.now()) {
      await new Promise<void>((resolve, reject) => {
        signal.throwIfAborted();
        const stop = (): void => {
          clearTimeout(timer);
          reject(signal.reason);
        };
        const timer = setTimeout(
          () => {
            signal.removeEventListener('abort', stop);
            resolve();
          },
          Math.min(left, 1000),
        );
        signal.addEventListener('abort', stop, { once: true });
      });
    }
    signal.throwIfAborted();
  },
};

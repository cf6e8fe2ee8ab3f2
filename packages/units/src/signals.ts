/** Several signals as one, and the way to let go of them. */
export interface JoinedSignal extends Disposable {
  /** Fires with the first of them that does, and with its reason. */
  readonly signal: AbortSignal;
}

/**
 * One signal for several, those that are undefined left out. It lives until one of them fires or it is disposed of; then
 * nothing of it stays with signals that live longer.
 *
 * It stands in for `AbortSignal.any`. In Node the sources of such a signal know it only weakly: when whatever waits for
 * it listens weakly, too (as `util.aborted` does), it is collected, its sources fire, and what waits for it waits for ever.
 * Here the sources hold it as they hold any listener, which is why it must be disposed of.
 *
 * @example
 * using either = joinSignals(stop, AbortSignal.timeout(5_000));
 * await fetch(url, { signal: either.signal });
 */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): JoinedSignal {
  const sources = signals.filter((signal) => signal !== undefined);
  const joined = new AbortController();
  const unlink = (): void => {
    for (const source of sources) source.removeEventListener('abort', fire);
  };
  const fire = (): void => {
    unlink();
    joined.abort(sources.find(({ aborted }) => aborted)!.reason);
  };
  if (sources.some(({ aborted }) => aborted)) fire();
  else for (const source of sources) source.addEventListener('abort', fire);
  return { signal: joined.signal, [Symbol.dispose]: unlink };
}

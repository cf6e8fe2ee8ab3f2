const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A signal that fires when the process is asked to stop; what runs then closes what it opened. Who asks twice is tired
 * of waiting: the process ends at once.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (name === 'SIGHUP' && onHangup !== null) return void onHangup();
      if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
      controller.abort(new Stopped());
    });
  }
  if (process.env.npm_lifecycle_event !== undefined) stopWhenOrphaned(controller);
  return controller.signal;
}

let onHangup: (() => void) | null = null;

/** From now on SIGHUP calls `reload` rather than stopping: what daemons read their settings again by. */
export function reloadOnHangup(reload: () => void): void {
  onHangup = reload;
}

/** How often it is looked whether the parent is still there, in milliseconds. */
const ORPHAN_MS = 500;

/** npm starts scripts in a shell, which takes a SIGTERM for itself and leaves its child running: for us that is the signal. */
function stopWhenOrphaned(controller: AbortController): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !controller.signal.aborted) controller.abort(new Stopped());
  }, ORPHAN_MS).unref();
}

/** Not a failure: somebody asked the command to stop. */
export class Stopped extends Error {
  constructor() {
    super('stopped');
    this.name = 'Stopped';
  }
}

/** Resolves when the signal fires. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `task`, or `Stopped` if the signal fires first; then the task is left to fail on its own. */
export async function unlessStopped<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  task.catch(() => undefined);
  return Promise.race([
    task,
    untilStopped(signal).then((): never => {
      throw new Stopped();
    }),
  ]);
}

import { Worker } from 'node:worker_threads';
import { KeysThreadError } from '../errors.ts';
import type { ThreadData } from './layout.ts';

/** Starts one signing thread: the port through which tests start threads that die. */
export type SpawnThread = (data: ThreadData) => Worker;

export const spawnSigningThread: SpawnThread = (workerData) =>
  new Worker(new URL('./thread.ts', import.meta.url), {
    workerData,
    name: `holdfast-sign-${workerData.thread}`,
    // A thread needs little: a small young generation also lets go of blst's used objects soon.
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
  });

const RESTART_MS_MIN = 50;
const RESTART_MS_MAX = 5_000;

/**
 * Keeps `count` signing threads alive. One that dies is replaced at once if it had got to work, and after a growing wait
 * if not, so that a broken installation does not become a busy loop.
 */
export class SigningThreads {
  readonly #spawn: SpawnThread;
  readonly #shared: Omit<ThreadData, 'thread'>;
  readonly #onDeath: (thread: number, alive: number) => void;
  readonly #alive = new Map<number, Worker>();
  readonly #waits = new Set<NodeJS.Timeout>();
  #nextThread = 0;
  #failuresInARow = 0;
  #stopped = false;
  #referenced = false;

  constructor(
    spawn: SpawnThread,
    shared: Omit<ThreadData, 'thread'>,
    onDeath: (thread: number, alive: number) => void,
  ) {
    this.#spawn = spawn;
    this.#shared = shared;
    this.#onDeath = onDeath;
  }

  get alive(): number {
    return this.#alive.size;
  }

  /** @throws KeysThreadError when one of them does not come up */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#start()));
  }

  /** Whether the threads keep the process alive: only while there is something to sign. */
  reference(wanted: boolean): void {
    if (wanted === this.#referenced) return;
    this.#referenced = wanted;
    for (const worker of this.#alive.values()) wanted ? worker.ref() : worker.unref();
  }

  /** Waits for threads that were told to stop; ends the others by force. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    for (const wait of this.#waits) clearTimeout(wait);
    const workers = [...this.#alive.values()];
    const gone = Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))));
    for (const worker of workers) worker.ref();
    const force = setTimeout(() => {
      for (const worker of workers) void worker.terminate();
    }, graceMs);
    await gone;
    clearTimeout(force);
  }

  #start(): Promise<void> {
    const thread = this.#nextThread;
    this.#nextThread += 1;
    const worker = this.#spawn({ ...this.#shared, thread });
    this.#alive.set(thread, worker);
    return new Promise((resolve, reject) => {
      let ready = false;
      let cause: unknown;
      worker.once('message', () => {
        ready = true;
        this.#failuresInARow = 0;
        if (!this.#referenced) worker.unref();
        resolve();
      });
      worker.on('error', (error) => {
        cause = error;
      });
      worker.once('exit', () => {
        this.#alive.delete(thread);
        reject(new KeysThreadError('a signing thread did not come up', { data: { thread }, cause }));
        this.#onDeath(thread, this.#alive.size);
        if (!this.#stopped) this.#replace(ready);
      });
    });
  }

  #replace(wasReady: boolean): void {
    this.#failuresInARow = wasReady ? 0 : this.#failuresInARow + 1;
    const waitMs = wasReady ? 0 : Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** this.#failuresInARow);
    const wait = setTimeout(() => {
      this.#waits.delete(wait);
      // A failure comes back here by its exit.
      this.#start().catch(() => undefined);
    }, waitMs);
    wait.unref();
    this.#waits.add(wait);
  }
}

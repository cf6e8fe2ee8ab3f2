import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

interface Job {
  readonly id: number;
  readonly input: string;
  readonly resolve: (output: string) => void;
  readonly reject: (error: Error) => void;
}

interface Reply {
  readonly id: number;
  readonly output?: string;
  readonly failure?: string;
}

/** The compiler wants some 300 MB a thread, and more than four threads gain little here. */
const WORKERS_MAX = Math.max(1, Math.min(4, availableParallelism()));

const queue: Job[] = [];
const idle: Worker[] = [];
const running = new Map<Worker, Job>();
let nextId = 0;

/**
 * Runs the compiler on one standard-JSON input in a worker thread. Threads are kept for the next call,
 * and an idle one does not keep the process alive.
 */
export function runSolc(input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    queue.push({ id: nextId++, input, resolve, reject });
    dispatch();
  });
}

function dispatch(): void {
  while (queue.length > 0) {
    const worker = idle.pop() ?? (running.size < WORKERS_MAX ? spawn() : undefined);
    if (worker === undefined) return;
    const job = queue.shift()!;
    running.set(worker, job);
    worker.ref();
    worker.postMessage({ id: job.id, input: job.input });
  }
}

function spawn(): Worker {
  const worker = new Worker(new URL('./solc-worker.ts', import.meta.url), { execArgv: [] });
  worker.on('message', (reply: Reply) => {
    const job = running.get(worker);
    if (job?.id !== reply.id) return;
    running.delete(worker);
    worker.unref();
    idle.push(worker);
    if (reply.output === undefined) job.reject(new Error(`solc failed: ${reply.failure}`));
    else job.resolve(reply.output);
    dispatch();
  });
  worker.on('error', (error) => retire(worker, error));
  worker.on('exit', (code) => retire(worker, new Error(`the solc thread stopped with code ${code}`)));
  return worker;
}

/** A thread that died fails its job and is not used again. */
function retire(worker: Worker, error: unknown): void {
  const at = idle.indexOf(worker);
  if (at >= 0) idle.splice(at, 1);
  const job = running.get(worker);
  running.delete(worker);
  job?.reject(error instanceof Error ? error : new Error(String(error)));
  dispatch();
}

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { KeysError, KeysThreadError } from '../errors.ts';
import { type DecryptedKey, keyFrom } from './decrypt.ts';
import { KeystoreAbortedError } from './errors.ts';
import { type Keystore, parseKeystore } from './format.ts';
import { kdfBytes } from './kdf.ts';
import type { Opening } from './open.ts';
import { passwordBytes } from './password.ts';

export interface LockedKeystore {
  /** Its text, or the object of its JSON. */
  readonly keystore: unknown;
  readonly password: string | Uint8Array;
}

export type DecryptResult =
  /** The secret is the caller's, to be sealed and zeroed. */
  | { readonly index: number; readonly ok: true; readonly key: DecryptedKey }
  | { readonly index: number; readonly ok: false; readonly error: KeysError };

export interface DecryptProgress {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** What has just come, so that a caller can seal while the others are still being opened. */
  readonly result: DecryptResult;
}

export interface DecryptOptions {
  /** Default: one for each core, as far as memory goes. */
  readonly threads?: number;
  /** What the threads may take together, in bytes; scrypt takes 256 MiB for each. Default: half of what is available to the process. */
  readonly memoryBytesMax?: number;
  readonly onProgress?: (progress: DecryptProgress) => void;
  readonly signal?: AbortSignal;
  /** How a thread is started; for tests. */
  readonly spawn?: () => Worker;
}

interface Task {
  readonly index: number;
  readonly keystore: Keystore;
  readonly password: string | Uint8Array;
}

const spawnThread = (): Worker => new Worker(new URL('./thread.ts', import.meta.url), { name: 'holdfast-keystores' });

/**
 * Opens keystores on several threads. One that does not open is reported, and stops no other.
 *
 * After an abort the promise still resolves: what was opened is there, to be sealed, and the rest has
 * `KeystoreAbortedError`. So a caller goes on later with those that are missing from its store.
 *
 * @returns one result for each keystore, in the order given
 * @example
 * const results = await decryptKeystores(files, { onProgress: ({ done, total }) => show(done / total) });
 */
export async function decryptKeystores(
  keystores: readonly LockedKeystore[],
  options: DecryptOptions = {},
): Promise<readonly DecryptResult[]> {
  const results = new Array<DecryptResult>(keystores.length);
  let [done, failed] = [0, 0];
  const report = (result: DecryptResult) => {
    results[result.index] = result;
    done += 1;
    if (!result.ok) failed += 1;
    options.onProgress?.({ done, failed, total: keystores.length, result });
  };
  const tasks: Task[] = [];
  for (const [index, { keystore, password }] of keystores.entries()) {
    try {
      tasks.push({ index, keystore: parseKeystore(keystore), password });
    } catch (error) {
      report({ index, ok: false, error: asKeysError(error) });
    }
  }
  const largest = Math.max(1, ...tasks.map(({ keystore }) => kdfBytes(keystore.kdf)));
  const affordable = Math.max(1, Math.floor((options.memoryBytesMax ?? process.availableMemory() / 2) / largest));
  const threads = Math.min(options.threads ?? availableParallelism(), affordable, tasks.length);
  const queue = [...tasks];
  try {
    await Promise.all(Array.from({ length: threads }, () => work(queue, report, options)));
  } catch (error) {
    // Only `onProgress` throws here: let the other threads come to an end, too.
    queue.length = 0;
    throw error;
  }
  for (const { index } of queue) report({ index, ok: false, error: new KeystoreAbortedError() });
  return results;
}

/** One thread's life, and its successors' when it dies: takes tasks until there is none. */
async function work(queue: Task[], report: (result: DecryptResult) => void, options: DecryptOptions): Promise<void> {
  const { signal, spawn = spawnThread } = options;
  let thread: Worker | undefined;
  try {
    while (!signal?.aborted) {
      const task = queue.shift();
      if (task === undefined) break;
      thread ??= spawn();
      const result = await openOn(thread, task, signal);
      if (!result.ok && result.error instanceof KeysThreadError) thread = undefined;
      report(result);
    }
  } finally {
    await thread?.terminate();
  }
}

async function openOn(thread: Worker, task: Task, signal: AbortSignal | undefined): Promise<DecryptResult> {
  const { index, keystore } = task;
  try {
    const opening = await ask(thread, task, signal);
    return { index, ok: true, key: keyFrom(keystore, opening) };
  } catch (error) {
    return { index, ok: false, error: asKeysError(error) };
  }
}

async function ask(thread: Worker, { keystore, password }: Task, signal: AbortSignal | undefined): Promise<Opening> {
  const bytes = new Uint8Array(passwordBytes(password));
  return new Promise<Opening>((resolve, reject) => {
    let cause: unknown;
    const onError = (error: unknown) => {
      cause = error;
    };
    const onExit = () => finish(() => reject(new KeysThreadError('the thread died opening a keystore', { cause })));
    const onAbort = () => finish(() => reject(new KeystoreAbortedError()));
    const onMessage = (opening: Opening) => finish(() => resolve(opening));
    const finish = (settle: () => void) => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', onAbort);
    thread.postMessage({ keystore, password: bytes }, [bytes.buffer]);
  });
}

function asKeysError(error: unknown): KeysError {
  return error instanceof KeysError ? error : new KeysThreadError('a keystore could not be opened', { cause: error });
}

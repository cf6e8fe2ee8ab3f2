import { Worker } from 'node:worker_threads';
import { errorOf, ProtectionClosedError, type ProtectionError } from '../errors.ts';
import type { KeyNumber } from './core.ts';
import type { SqliteSettings } from './schema.ts';
import type { SqliteArguments, SqliteLink, SqliteMethod, SqliteResult } from './service.ts';
import type { WorkerAnswer, WorkerRequest } from './worker.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: ProtectionError) => void;
}

/** Starts the worker and opens the database in it. */
export async function openWorker(
  settings: SqliteSettings,
): Promise<{ readonly link: SqliteLink; readonly keys: readonly KeyNumber[] }> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: settings,
    // node:sqlite says that it is experimental on every start.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const waiting = new Map<number, Waiting>();
  let ended: ProtectionError | undefined;
  const end = (error: ProtectionError): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (answer: WorkerAnswer) => {
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) call?.reject(errorOf(answer.error));
    else call?.resolve(answer.result);
  });
  worker.on('error', (cause) =>
    end(new ProtectionClosedError('the thread of the protection database failed', { cause })),
  );
  worker.on('exit', () => end(new ProtectionClosedError('the thread of the protection database has ended')));
  const wait = (id: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (ended) reject(ended);
      else waiting.set(id, { resolve, reject });
    });
  let calls = 0;
  const link: SqliteLink = {
    call<M extends SqliteMethod>(method: M, args: SqliteArguments<M>, transfer: readonly ArrayBuffer[] = []) {
      calls += 1;
      const answer = wait(calls);
      worker.postMessage({ id: calls, method, args } satisfies WorkerRequest, transfer);
      return answer as Promise<SqliteResult<M>>;
    },
    end: async () => {
      end(new ProtectionClosedError('the protection database is closed'));
      await worker.terminate();
    },
  };
  try {
    return { link, keys: (await wait(0)) as KeyNumber[] };
  } catch (error) {
    await link.end();
    throw error;
  }
}

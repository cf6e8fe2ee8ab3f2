// The thread that the SQLite store lives on: it takes one call at a time, so an fsync holds up no one's event loop.
import { parentPort, workerData } from 'node:worker_threads';
import type { PlainError } from '../errors.ts';
import { asProtectionError } from './failure.ts';
import type { SqliteSettings } from './schema.ts';
import { type SqliteMethod, SqliteService } from './service.ts';

export interface WorkerRequest {
  readonly id: number;
  readonly method: SqliteMethod;
  readonly args: readonly unknown[];
}

export type WorkerAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: PlainError };

const settings = workerData as SqliteSettings;
const port = parentPort!;
/** The answer to "open" has the number 0. */
let service: SqliteService | undefined;
answer(0, () => {
  service = new SqliteService(settings);
  return service.keys();
});

port.on('message', ({ id, method, args }: WorkerRequest) => {
  answer(id, () => (service![method] as (...all: readonly unknown[]) => unknown).apply(service, args as unknown[]));
});

function answer(id: number, work: () => unknown): void {
  try {
    port.postMessage({ id, result: work() } satisfies WorkerAnswer);
  } catch (error) {
    const failure = asProtectionError(error, settings.path);
    const data = JSON.parse(
      JSON.stringify(failure.data, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
    // The bare reason: the other side builds the message again, with data and fix.
    port.postMessage({
      id,
      error: { code: failure.code as PlainError['code'], why: failure.why, data },
    } satisfies WorkerAnswer);
  }
}

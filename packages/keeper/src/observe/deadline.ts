import { KeeperTimeoutError } from '../errors.ts';

/**
 * A task's result, or an error when it takes too long; the task itself goes on, so what it fetches may serve the next
 * round. A stalled node must not stop the rounds.
 */
export async function within<T>(ms: number, what: string, task: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KeeperTimeoutError(what, { data: { ms } })), ms);
  });
  task.catch(() => undefined); // Nobody may be left to hear of a failure that comes after the deadline.
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}

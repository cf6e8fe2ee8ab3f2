import { CliUsageError } from '../errors.ts';

/**
 * Listens on the port that was asked for, which must be free; or on the usual one, and on any when that is taken.
 *
 * @throws CliUsageError when a port that was asked for is taken
 */
export async function listenOn<T>(
  asked: number | undefined,
  usual: number,
  listen: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await listen(asked ?? usual);
  } catch (cause) {
    if (!isTaken(cause)) throw cause;
    if (asked === undefined) return listen(0);
    throw new CliUsageError('the port is taken, or may not be used', {
      data: { port: asked },
      fix: 'Give another one; 0 takes any that is free',
      cause,
    });
  }
}

function isTaken(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === 'EADDRINUSE' || code === 'EACCES';
}

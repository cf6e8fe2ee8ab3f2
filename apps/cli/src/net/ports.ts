import { createServer } from 'node:net';
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

/** Ports that nobody listens on at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((done, failed) => {
        server.once('error', failed);
        server.listen(0, '127.0.0.1', () => done(server));
      });
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

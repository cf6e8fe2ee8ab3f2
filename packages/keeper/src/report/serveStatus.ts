import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './Metrics.ts';

export interface StatusServerOptions {
  /** Default: loopback. Metrics tell what the account holds, so think before you open this. */
  readonly host?: string | undefined;
  /** Default 0: a free port. */
  readonly port?: number | undefined;
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `/metrics` (Prometheus text) and `/healthz` (200 while rounds succeed, else 503). */
export async function serveStatus(
  metrics: Metrics,
  healthy: () => boolean,
  options: StatusServerOptions = {},
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'GET only\n');
    if (path === '/metrics') return answer(200, metrics.text());
    if (path === '/healthz') return healthy() ? answer(200, 'ok\n') : answer(503, 'no round has succeeded lately\n');
    return answer(404, 'try /metrics or /healthz\n');
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

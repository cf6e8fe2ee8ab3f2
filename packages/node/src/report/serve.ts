import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StatusPages {
  readonly metrics: () => Promise<string>;
  /** Plain data: becomes JSON. */
  readonly status: () => unknown;
  /** Null when all is well, else why not. */
  readonly unwell: () => string | null;
}

export interface StatusServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `/metrics`, `/status` and `/healthz`, on loopback unless told. Reads only: there is nothing to ask for. */
export async function serveStatus(pages: StatusPages, port: number, host = '127.0.0.1'): Promise<StatusServer> {
  const server: Server = createServer(async (request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
    };
    if (request.method !== 'GET') return answer(405, 'text/plain', 'only GET\n');
    if (request.url === '/metrics') return answer(200, 'text/plain; version=0.0.4', await pages.metrics());
    if (request.url === '/status') return answer(200, 'application/json', JSON.stringify(pages.status()));
    if (request.url !== '/healthz') return answer(404, 'text/plain', 'there are /metrics, /status and /healthz\n');
    const why = pages.unwell();
    answer(why === null ? 200 : 503, 'text/plain', `${why ?? 'ok'}\n`);
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${at.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

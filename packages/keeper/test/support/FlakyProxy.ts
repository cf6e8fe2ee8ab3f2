import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: `lost` reaches the node, and its answer does not come back; `alter` changes the answer. */
export type Fate =
  | 'pass'
  | 'error500'
  | 'stall'
  | 'drop'
  | 'lost'
  | { readonly answer: string }
  | { readonly alter: (answer: Buffer) => Buffer };

/** Stands before a node and lets requests fail as a test says. */
export class FlakyProxy {
  readonly url: string;
  requests = 0;
  /** Told each request's path and body; says what becomes of it. */
  fate: (path: string, body: string) => Fate = () => 'pass';
  private readonly server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(target: string): Promise<FlakyProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new FlakyProxy(server);
    server.on('request', (request, response) => {
      proxy.serve(target, request, response).catch(() => response.destroy());
    });
    return proxy;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async serve(target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const fate = this.fate(request.url ?? '', body);
    if (fate === 'stall') return;
    if (fate === 'drop') return void response.destroy();
    if (fate === 'error500') return void response.writeHead(500).end('{"code":500,"message":"internal"}');
    if (typeof fate === 'object' && 'answer' in fate) {
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(fate.answer);
    }
    const { host: _host, connection: _connection, 'content-length': _length, ...headers } = request.headers;
    const answer = await fetch(target + request.url, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(body === '' ? {} : { body }),
    });
    const told = Buffer.from(await answer.arrayBuffer());
    const bytes = typeof fate === 'object' ? fate.alter(told) : told;
    if (fate === 'lost') return void response.destroy();
    const kept = ['content-type', 'eth-consensus-version'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, Object.fromEntries(kept)).end(bytes);
  }
}

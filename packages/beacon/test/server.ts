import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A loopback HTTP server whose every answer a test decides. */
export class TestNode {
  readonly requests: { method: string; url: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  handler: Handler = (_request, response) => json(response, { message: 'not found' }, 404);
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(handler?: Handler): Promise<TestNode> {
    const server = createServer();
    const node = new TestNode(server);
    if (handler) node.handler = handler;
    server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        node.requests.push({ method: request.method!, url: request.url!, body, headers: request.headers });
        node.handler(request, response, body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function octets(response: ServerResponse, bytes: Uint8Array, version: string): void {
  response
    .writeHead(200, { 'content-type': 'application/octet-stream', 'eth-consensus-version': version })
    .end(Buffer.from(bytes));
}

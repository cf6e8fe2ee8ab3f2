import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { RPC_CODE } from './errors.ts';
import type { ExecutionPort } from './port.ts';
import { answerJsonRpc, failure } from './rpc/json-rpc.ts';
import { isAllowedOrigin, isLoopback, isLoopbackHost } from './rpc/origins.ts';

export interface RpcServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Origins of web pages that may call beside those served from this machine; `*` for all. */
  readonly corsOrigins?: readonly string[];
  /** Longest request body. Default 5 MiB. */
  readonly bodyBytesMax?: number;
}

export interface RpcServer {
  readonly url: string;
  close(): Promise<void>;
}

const DEFAULT_BODY_BYTES_MAX = 5 * 1024 * 1024;

/**
 * Serves an execution layer as a node does: JSON-RPC 2.0 over HTTP POST, single and batch. Only the standard namespaces
 * `eth_`, `net_` and `web3_` pass, and `debug_traceTransaction` and `personal_sign`.
 *
 * @example
 * const { url, close } = await serveJsonRpc(execution);
 * const client = createPublicClient({ chain, transport: http(url) });
 */
export async function serveJsonRpc(
  port: Pick<ExecutionPort, 'rpc'>,
  options: RpcServerOptions = {},
): Promise<RpcServer> {
  const host = options.host ?? '127.0.0.1';
  const server = fastify({
    forceCloseConnections: true,
    bodyLimit: options.bodyBytesMax ?? DEFAULT_BODY_BYTES_MAX,
  });
  // The body stays text: it is for JSON-RPC to say what is wrong with it. Other content types are refused (415), as a
  // page may send those to anybody without asking first.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  guard(server, options.corsOrigins ?? [], isLoopback(host) || host === '::1');
  server.options('/', async (_request, reply) => reply.code(204).send());
  server.post('/', async (request, reply) => {
    const answer = await answerJsonRpc(port, typeof request.body === 'string' ? request.body : '');
    return answer === undefined ? reply.code(204).send() : reply.send(answer);
  });
  server.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'JSON-RPC is served by POST at /'));
  server.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) =>
    refuse(reply, error.statusCode ?? 500, error.statusCode === undefined ? 'internal error' : error.message),
  );
  const url = await server.listen({ host, port: options.port ?? 0 });
  return { url, close: () => server.close() };
}

function guard(server: FastifyInstance, listed: readonly string[], onLoopback: boolean): void {
  server.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (onLoopback && !isLoopbackHost(request.headers.host)) return refuse(reply, 403, 'this host name is not served');
    const { origin } = request.headers;
    if (origin === undefined) return;
    if (!isAllowedOrigin(origin, listed)) return refuse(reply, 403, 'pages of this origin may not call');
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    });
  });
}

function refuse(reply: FastifyReply, status: number, why: string): FastifyReply {
  return reply.code(status).send(failure(null, RPC_CODE.invalidRequest, why));
}

import type { FastifyInstance } from 'fastify';
import { jsonOnly } from '../guard/guards.ts';
import { refusalOf } from '../guard/methods.ts';

const BODY_BYTES_MAX = 512 * 1024;
const TIMEOUT_MS = 15_000;

/** `POST /rpc`: the execution node for the page, which may not call another origin. */
export function mountRpc(server: FastifyInstance, rpcUrl: string): void {
  server.post('/rpc', { bodyLimit: BODY_BYTES_MAX, onRequest: jsonOnly }, async (request, reply) => {
    const refused = refusalOf(request.body);
    if (refused) return reply.code(200).send(refused);
    try {
      const answer = await fetch(rpcUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Written anew: the node gets what was checked, not bytes that another parser may read differently.
        body: JSON.stringify(request.body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
        redirect: 'error',
      });
      return reply
        .code(answer.status)
        .type('application/json')
        .send(await answer.text());
    } catch {
      const error = { code: -32603, message: 'the execution node does not answer' };
      return reply.code(502).send({ jsonrpc: '2.0', id: null, error });
    }
  });
}

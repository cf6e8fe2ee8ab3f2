import type { FastifyInstance } from 'fastify';
import { jsonOnly, loopbackOnly, refuse } from '../guard/guards.ts';

const BODY_BYTES_MAX = 64 * 1024;
const TIMEOUT_MS = 30_000;
/** Of the devnet's levers those that the page has; keys never pass here. */
const READ = ['status'];
const ACTS = ['faults', 'tamper', 'start', 'stop', 'step'];

/** `/api/devnet/*`: a devnet's control endpoints. `acted` is called after each act, so that the page hears of it soon. */
export function mountDevnet(server: FastifyInstance, devnetUrl: string, acted: () => void): void {
  const base = new URL('holdfast/v1/', devnetUrl.endsWith('/') ? devnetUrl : `${devnetUrl}/`);
  const options = { bodyLimit: BODY_BYTES_MAX, onRequest: [loopbackOnly, jsonOnly] };
  for (const path of READ) {
    server.get(`/api/devnet/${path}`, options, async (_request, reply) => {
      const { status, text } = await ask(new URL(path, base));
      return reply.code(status).type('application/json').send(text);
    });
  }
  for (const path of ACTS) {
    server.post(`/api/devnet/${path}`, options, async (request, reply) => {
      if (typeof request.body !== 'object') return refuse(reply, 400, 'the body must be a JSON object');
      const { status, text } = await ask(new URL(path, base), request.body);
      acted();
      return reply.code(status).type('application/json').send(text);
    });
  }
}

async function ask(url: URL, body?: unknown): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, {
      ...(body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return { status: 502, text: JSON.stringify({ error: 'the devnet does not answer' }) };
  }
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hostnameOf, isLoopbackName, isSameOrigin, isServedHost } from './hosts.ts';

/**
 * No inline script or style, nothing from elsewhere, no frame around it. Pictures of injected wallets come as data URLs
 * (EIP-6963).
 */
const SECURE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/** Refuses other origins and rebound names on every path, and dresses every answer in secure headers. */
export function guardAll(server: FastifyInstance, allowedHosts: readonly string[]): void {
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURE_HEADERS);
    const { host, origin } = request.headers;
    if (!isServedHost(host, allowedHosts)) return refuse(reply, 403, 'this host name is not served');
    if (!isSameOrigin(origin, host)) return refuse(reply, 403, 'pages of this origin may not call');
    // Browsers say where a request comes from; a link from elsewhere may open a page, not reach what is under it.
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate') {
      return refuse(reply, 403, 'other sites may not call');
    }
    return undefined;
  });
}

/** For what changes the world: JSON only, which no foreign page can send without asking first (CORS preflight). */
export async function jsonOnly(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (request.method !== 'POST') return undefined;
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : refuse(reply, 415, 'send application/json');
}

/** For a devnet's levers: by this machine's own names only. */
export async function loopbackOnly(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const hostname = hostnameOf(request.headers.host);
  return hostname !== null && isLoopbackName(hostname) ? undefined : refuse(reply, 403, 'only by a loopback name');
}

export const refuse = (reply: FastifyReply, status: number, error: string): FastifyReply =>
  reply.code(status).send({ error });

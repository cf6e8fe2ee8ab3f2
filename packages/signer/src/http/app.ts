import { HoldfastError } from '@holdfast/units';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerFactory,
} from 'fastify';
import type { Caller } from '../access/access.ts';
import { SignerError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Problem } from './answers.ts';
import { admit, type Front, isProblem, refuseAtDoor } from './front.ts';
import type { Limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { verdictOf } from './statuses.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request; null on routes that anybody may ask. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** Who may use the route. `client`: whoever may sign, and admins. Default: admins only. */
    readonly who?: 'anybody' | 'client' | 'admin';
  }
}

export interface AppParts {
  readonly front: Front;
  readonly limits: Limits;
  readonly log: Log;
  readonly nextId: () => string;
  readonly serverFactory: FastifyServerFactory;
}

/** Every route but the one that signs: rarely used, so served by Fastify. */
export function createApp({ front, limits, log, nextId, serverFactory }: AppParts): FastifyInstance {
  const app = fastify({
    serverFactory,
    logger: false,
    bodyLimit: limits.signBytesMax,
    // What a client sent is judged as it is: neither coerced nor trimmed to fit.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, strict: false } },
    genReqId: nextId,
    // A client that aborts, or sends what is no HTTP, is told so and cut off; nothing to log but at debug.
    clientErrorHandler(error, socket) {
      log.debug({ code: error.code }, 'not a well-formed HTTP request');
      if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
      socket.end(
        `HTTP/1.1 ${STATUS_LINES[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    },
  });
  app.decorateRequest('caller', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: unknown, text: string) =>
    parse(text),
  );
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refuseAtDoor(front, request.raw) ?? identify(front, request);
    if (refusal !== null) return answer(reply, refusal);
  });
  app.setNotFoundHandler((request, reply) =>
    answer(reply, {
      status: 404,
      code: 'SIGNER_NO_ROUTE',
      message: `nothing is served at ${request.method} ${pathOf(request)}`,
    }),
  );
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500)
      log.error({ requestId: request.id, path: pathOf(request), err: error }, 'a request failed');
    return answer(reply, problem);
  });
  return app;
}

/** An empty body is none (clients send DELETE so). The parser's own message would repeat the text, secrets included. */
function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'the body is not well-formed JSON');
  }
}

/** Sends a problem as JSON: `message` for people, `code` for programs, `requestId` to find it in the log. */
export function answer(
  reply: FastifyReply,
  { status, code, message, retryAfterSeconds, close }: Problem,
): FastifyReply {
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', retryAfterSeconds);
  if (close === true) reply.header('Connection', 'close');
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
  const requestId = reply.request.id;
  return reply.code(status).header('X-Request-Id', requestId).send({ code, message, requestId });
}

function identify(front: Front, request: FastifyRequest): Problem | null {
  const who = request.routeOptions.config.who ?? 'admin';
  if (who === 'anybody' || request.is404) return null;
  if (who === 'admin') {
    if (!front.access.hasAdmins) return NO_ADMINS;
    if (request.headers.authorization === undefined) return NO_TOKEN;
  }
  const caller = admit(front, request.raw);
  if (isProblem(caller)) return caller;
  if (who === 'admin' && caller.role !== 'admin') return NOT_AN_ADMIN;
  request.caller = caller;
  return null;
}

/** The Keymanager API: 401 without a token, 403 with one that does not do. */
const NO_TOKEN: Problem = {
  status: 401,
  code: 'SIGNER_UNAUTHORIZED',
  message: 'this asks for the bearer token of an admin',
};
const NOT_AN_ADMIN: Problem = {
  status: 403,
  code: 'SIGNER_UNAUTHORIZED',
  message: 'this token may ask for signatures, not manage the signer',
};
const NO_ADMINS: Problem = {
  status: 403,
  code: 'SIGNER_UNAUTHORIZED',
  message: 'managing the signer over HTTP is off: it has no admin with a token',
};

/** What Fastify and its parsers refuse carries a status below 500; all else is the signer's own. */
function problemOf(error: FastifyError | Error): Problem {
  if (error instanceof Refusal) return error.problem;
  if (error instanceof SignerError) return verdictOf(error).problem;
  if (error instanceof HoldfastError) return { status: 500, code: error.code, message: error.message };
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status >= 500) return verdictOf(error).problem;
  return { status, code: 'SIGNER_BAD_REQUEST', message: error.message, close: status === 413 };
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0]!.slice(0, 200);

const STATUS_LINES: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

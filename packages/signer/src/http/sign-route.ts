import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pubkey } from '@holdfast/units';
import type { Caller } from '../access/access.ts';
import { BadRequestError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Outcome, SignerMetrics } from '../metrics.ts';
import { SIGN_TYPES } from '../requests/types.ts';
import { type Problem, sendProblem, sendSignature, wantsJson } from './answers.ts';
import { type ByteBudget, GONE, readBody } from './body.ts';
import { Deadlines } from './deadlines.ts';
import { SignTimeoutError } from './errors.ts';
import { admit, type Front, isProblem, refuseAtDoor } from './front.ts';
import type { Limits } from './limits.ts';
import type { SigningPort } from './ports.ts';
import { verdictOf } from './statuses.ts';

export const SIGN_PATH = '/api/v1/eth2/sign/';

export interface SignRouteParts {
  readonly front: Front;
  readonly service: SigningPort;
  readonly metrics: SignerMetrics;
  readonly log: Log;
  readonly limits: Limits;
  readonly budget: ByteBudget;
  readonly nextId: () => string;
}

/** Who asked for what, for the log. */
interface Asked {
  readonly pubkey: Pubkey;
  readonly type: string;
  readonly caller: Caller;
}

const TYPES: ReadonlySet<unknown> = new Set(SIGN_TYPES);
const IDENTIFIER = /^(?:0x)?[0-9a-f]{96}$/;

/**
 * `POST /api/v1/eth2/sign/{identifier}`, straight on `node:http`: this is all that happens to a request besides the
 * signature, thousands of times a slot. (Fastify serves the other routes.)
 */
export class SignRoute {
  readonly #parts: SignRouteParts;
  readonly #deadlines: Deadlines;
  /** Called whenever no request is in flight any more. */
  onIdle: () => void = () => {};

  constructor(parts: SignRouteParts) {
    this.#parts = parts;
    this.#deadlines = new Deadlines(parts.limits.signTimeoutMs);
  }

  /** Never throws: every request is answered, or its connection is gone. */
  handle(req: IncomingMessage, res: ServerResponse): void {
    this.#sign(req, res).catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'a request could not be answered');
      res.destroy();
    });
  }

  async #sign(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { metrics, limits, budget } = this.#parts;
    const startedAt = performance.now();
    const caller = this.#admit(req);
    if (isProblem(caller)) return this.#answer(req, res, caller);
    const pubkey = pubkeyOf(req.url!);
    if (pubkey === null) return this.#answer(req, res, BAD_IDENTIFIER);
    const body = await readBody(req, limits.signBytesMax, budget);
    if (body === GONE) return;
    if (isProblem(body)) return this.#answer(req, res, body);
    // Again: many bodies may have been read side by side since the first look.
    if (metrics.inFlight >= limits.inFlightMax) {
      budget.give(body.held);
      return this.#answer(req, res, SATURATED);
    }
    let type = 'UNKNOWN';
    try {
      const request = parseJson(body.bytes);
      type = typeOf(request);
      const signature = await this.#inTime(this.#parts.service.sign(pubkey, request, caller));
      sendSignature(res, signature, wantsJson(req.headers.accept));
      metrics.request(type, 'signed');
    } catch (error) {
      this.#refuse(res, error, { pubkey, type, caller });
    } finally {
      budget.give(body.held);
      metrics.stage('total', (performance.now() - startedAt) / 1000);
    }
  }

  /** Who asks; or why the request is not worth reading. */
  #admit(req: IncomingMessage): Caller | Problem {
    const { front, metrics, limits } = this.#parts;
    const refusal = refuseAtDoor(front, req);
    if (refusal !== null) return refusal;
    const caller = admit(front, req);
    if (isProblem(caller)) return caller;
    if (caller.role === 'admin') return NOT_A_SIGNER;
    if (metrics.inFlight >= limits.inFlightMax) return SATURATED;
    return isJson(req.headers['content-type']) ? caller : NOT_JSON;
  }

  /**
   * What is not signed in time is answered 503, and its signature is dropped when it comes. It counts as in flight until
   * then: a store that hangs must fill the signer, not its memory.
   */
  #inTime(signing: Promise<string>): Promise<string> {
    const { metrics, limits } = this.#parts;
    metrics.inFlight += 1;
    return new Promise((resolve, reject) => {
      const waiting = this.#deadlines.add(() => reject(new SignTimeoutError(limits.signTimeoutMs)));
      const settled = () => {
        this.#deadlines.remove(waiting);
        metrics.inFlight -= 1;
        if (metrics.inFlight === 0) this.onIdle();
      };
      signing.then(
        (signature) => {
          settled();
          resolve(signature);
        },
        (error: unknown) => {
          settled();
          reject(error);
        },
      );
    });
  }

  #refuse(res: ServerResponse, error: unknown, { pubkey, type, caller }: Asked): void {
    const { log, metrics, nextId } = this.#parts;
    const requestId = nextId();
    const { problem, outcome, rule } = verdictOf(error);
    metrics.request(type, outcome);
    const told = { requestId, client: caller.name, key: pubkey, type, code: problem.code };
    if (rule !== undefined) {
      metrics.refused(rule);
      log.warn({ ...told, rule }, problem.message);
    } else if (problem.status === 500) log.error({ ...told, err: error }, 'a request failed');
    else log.debug(told, problem.message);
    sendProblem(res, problem, requestId);
  }

  #answer(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
    const { log, metrics, nextId } = this.#parts;
    const requestId = nextId();
    metrics.request('UNKNOWN', outcomeOf(problem.status));
    log.debug({ requestId, code: problem.code, from: req.socket.remoteAddress }, problem.message);
    sendProblem(res, problem, requestId);
  }
}

/** How requests count that are answered before anybody looks into them. */
function outcomeOf(status: number): Outcome {
  if (status === 503) return 'unavailable';
  if (status === 429) return 'rate_limited';
  return status === 401 || status === 403 ? 'unauthorized' : 'bad_request';
}

const SATURATED: Problem = {
  status: 503,
  code: 'SIGNER_SATURATED',
  message: 'as many requests are in flight as the signer works on at once',
  retryAfterSeconds: 1,
};
const BAD_IDENTIFIER: Problem = {
  status: 400,
  code: 'SIGNER_BAD_REQUEST',
  message: 'the identifier is not a BLS public key: 96 hex digits, with or without 0x',
};
const NOT_JSON: Problem = {
  status: 415,
  code: 'SIGNER_BAD_REQUEST',
  message: 'the body must be JSON, and Content-Type say so: application/json',
};
const NOT_A_SIGNER: Problem = {
  status: 403,
  code: 'SIGNER_UNAUTHORIZED',
  message: 'an admin token manages keys and signs nothing; use the token of a client',
};

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new BadRequestError('the body is not well-formed JSON');
  }
}

/** A label of the metrics, so never whatever a client makes up. */
function typeOf(request: unknown): string {
  const type = typeof request === 'object' && request !== null && 'type' in request ? request.type : undefined;
  return TYPES.has(type) ? (type as string) : 'UNKNOWN';
}

/** The key that a path names; null when that is none. A query is ignored. */
function pubkeyOf(url: string): Pubkey | null {
  const end = url.indexOf('?', SIGN_PATH.length);
  const identifier = url.slice(SIGN_PATH.length, end < 0 ? undefined : end).toLowerCase();
  if (!IDENTIFIER.test(identifier)) return null;
  return (identifier.length === 98 ? identifier : `0x${identifier}`) as Pubkey;
}

/** Clients that send no Content-Type at all are taken at their word. */
function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === 'application/json') return true;
  return contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/json';
}

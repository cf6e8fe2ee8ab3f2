import type { ServerResponse } from 'node:http';

/** An answer that is not what was asked for. `message` is for people, `code` for programs. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
  /** Ends the connection: what follows on it cannot be trusted, or is not wanted. */
  readonly close?: boolean;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';

/**
 * Whether a signature is answered as JSON. Web3Signer does so when the client names JSON or takes anything (as
 * Lighthouse once did with its library's default); else it answers text, on which older clients count that send no
 * `Accept` at all. All current clients read the answer by its Content-Type.
 */
export function wantsJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  if (accept === 'application/json') return true;
  return accept.split(',').some((range) => {
    const type = range.split(';', 1)[0]!.trim().toLowerCase();
    return type === 'application/json' || type === '*/*' || type === 'application/*';
  });
}

export function sendSignature(res: ServerResponse, signature: string, asJson: boolean): void {
  send(res, 200, asJson ? JSON_TYPE : TEXT_TYPE, asJson ? `{"signature":"${signature}"}` : signature);
}

export const sendJson = (res: ServerResponse, status: number, value: unknown): void =>
  send(res, status, JSON_TYPE, JSON.stringify(value));

export const sendText = (res: ServerResponse, status: number, text: string): void => send(res, status, TEXT_TYPE, text);

/** `requestId` is the one in the logs. */
export function sendProblem(res: ServerResponse, problem: Problem, requestId: string): void {
  if (res.destroyed || res.headersSent) return;
  const { status, code, message, retryAfterSeconds, close } = problem;
  if (retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(retryAfterSeconds));
  if (close === true) res.setHeader('Connection', 'close');
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  res.setHeader('X-Request-Id', requestId);
  sendJson(res, status, { code, message, requestId });
}

/** No writing to a client that has gone: it would only fill memory. */
function send(res: ServerResponse, status: number, type: string, text: string): void {
  if (res.destroyed || res.headersSent) return;
  res.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}

import { RefusedError, SignerError } from '../errors.ts';
import type { Outcome } from '../metrics.ts';
import type { Problem } from './answers.ts';

/** An error as it is answered and counted. `rule`: the one that refused. */
export interface Verdict {
  readonly problem: Problem;
  readonly outcome: Outcome;
  readonly rule?: string;
}

/** When nobody can tell how long signing stays stopped. */
const STOPPED_RETRY_SECONDS = 30;

/**
 * How an error is answered over HTTP: 400, 404, 412, 503 with Retry-After, else 500. What was not thrown on purpose is
 * not shown to the client: it is in the log under the request's id.
 */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof SignerError)) return INTERNAL;
  const { code, message } = error;
  switch (error.kind) {
    case 'badRequest':
      return { problem: { status: 400, code, message }, outcome: 'bad_request' };
    case 'unknownKey':
      return { problem: { status: 404, code, message }, outcome: 'unknown_key' };
    case 'refused':
      return {
        problem: { status: 412, code, message },
        outcome: 'refused',
        rule: error instanceof RefusedError ? error.rule : 'unknown',
      };
    case 'stopped':
    case 'saturated': {
      const seconds = 'retryAfterSeconds' in error ? Number(error.retryAfterSeconds ?? STOPPED_RETRY_SECONDS) : 1;
      const retryAfterSeconds = Math.max(1, Math.ceil(seconds));
      return { problem: { status: 503, code, message, retryAfterSeconds }, outcome: 'unavailable' };
    }
    case 'internal':
      return { problem: { status: 500, code, message }, outcome: 'error' };
  }
}

const INTERNAL: Verdict = {
  problem: {
    status: 500,
    code: 'SIGNER_INTERNAL',
    message: 'the signer failed on this request; its log says why, under the request id',
  },
  outcome: 'error',
};

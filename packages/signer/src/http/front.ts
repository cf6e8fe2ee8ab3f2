import type { IncomingMessage } from 'node:http';
import { type Access, type Caller, isCaller } from '../access/access.ts';
import { type BrowserRules, browserRefusal } from '../access/browser.ts';
import type { Problem } from './answers.ts';
import { certificateOf } from './listener.ts';

/** What every request passes first, whatever it asks for. */
export interface Front {
  /** Replaced as a whole when clients are read again. */
  access: Access;
  browser: BrowserRules;
  /** True from the moment the signer begins to close. */
  draining: boolean;
}

export const DRAINING: Problem = {
  status: 503,
  code: 'SIGNER_DRAINING',
  message: 'the signer is closing',
  retryAfterSeconds: 5,
  close: true,
};

/** Why a request goes no further, before anybody looks at who sent it. */
export function refuseAtDoor(front: Front, req: IncomingMessage): Problem | null {
  if (front.draining) return DRAINING;
  const refusal = browserRefusal(front.browser, req.headers);
  return refusal === null ? null : { status: 403, code: 'SIGNER_BROWSER', message: refusal, close: true };
}

/** Who sent a request; or why it is refused: 401, 403, or 429 past the caller's own rate. */
export function admit(front: Front, req: IncomingMessage): Caller | Problem {
  const found = front.access.identify(req.headers.authorization, certificateOf(req.socket));
  if (!isCaller(found)) return { ...found, code: 'SIGNER_UNAUTHORIZED' };
  const waitMs = found.take();
  return waitMs === 0 ? found : tooFast(found, waitMs);
}

const tooFast = ({ name }: Caller, waitMs: number): Problem => ({
  status: 429,
  code: 'SIGNER_RATE_LIMITED',
  message: `${name} asks faster than it may`,
  retryAfterSeconds: Math.ceil(waitMs / 1000),
});

export const isProblem = (found: object): found is Problem => 'status' in found;

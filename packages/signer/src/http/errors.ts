import { SignerError } from '../errors.ts';

/** A signature took longer than a client waits for one. It was dropped: when it comes, nobody gets it. */
export class SignTimeoutError extends SignerError {
  readonly kind = 'saturated';
  readonly retryAfterSeconds = 1;
  constructor(timeoutMs: number) {
    super('SIGNER_TIMEOUT', 'the signature took too long and was dropped', {
      data: { timeoutMs },
      fix: 'Ask again; if it lasts, look at the disk or the PostgreSQL server of the slashing protection',
    });
  }
}

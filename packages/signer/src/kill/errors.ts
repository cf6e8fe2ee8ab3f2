import { type ErrorDetails, HoldfastError } from '@holdfast/units';
import { SignerError } from '../errors.ts';

/** Somebody pulled the kill switch: nothing is signed until it is released on purpose. */
export class KilledError extends SignerError {
  readonly kind = 'stopped';
  /** Only an operator can release it. */
  readonly retryAfterSeconds = null;
  constructor(details: ErrorDetails) {
    super('SIGNER_KILLED', 'signing is stopped by the kill switch', {
      fix: 'Find out why it was pulled; then `holdfast signer resume`, or DELETE /holdfast/v1/kill',
      ...details,
    });
  }
}

/** The kill switch could not be made durable or released: the disk refuses. While in doubt nothing is signed. */
export class KillSwitchError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_KILL_SWITCH', why, details);
  }
}

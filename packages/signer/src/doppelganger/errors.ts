import type { ErrorDetails } from '@holdfast/units';
import { SignerError } from '../errors.ts';

/** The key is still being watched for a second owner: it signs nothing until enough epochs passed without a sign of it. */
export class DoppelgangerWaitError extends SignerError {
  readonly kind = 'stopped';
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number, details: ErrorDetails) {
    super('SIGNER_DOPPELGANGER_WAIT', 'the key is being watched for a second owner before its first signature', {
      fix: 'Wait; if it does not move, check that the beacon node is up and in sync',
      ...details,
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Somebody else signs with the key: the network saw it at work in an epoch in which this signer's history signed
 * nothing. The key stays barred until the signer is started again. Stop the other instance first: both at once is how
 * validators are slashed.
 */
export class DoppelgangerFoundError extends SignerError {
  readonly kind = 'stopped';
  /** Only an operator can mend it. */
  readonly retryAfterSeconds = null;
  constructor(details: ErrorDetails) {
    super('SIGNER_DOPPELGANGER_FOUND', 'DOPPELGANGER: another instance signs with this key', {
      fix: 'Stop the other instance, import its slashing protection history, then start this signer again',
      ...details,
    });
  }
}

import { type ErrorDetails, HoldfastError } from '@holdfast/units';
import { SignerError } from '../errors.ts';

/** Another process owns the data directory: two owners of the same keys are how validators get slashed. */
export class OwnedError extends HoldfastError {
  constructor(details: ErrorDetails) {
    super('SIGNER_OWNED', 'the data directory has an owner already', {
      fix: 'Stop that process first; a lock left by one that died is released by the kernel, there is nothing to delete',
      ...details,
    });
  }
}

/** The data directory cannot be owned: it is not there, may not be written, or its lock file is no lock file. */
export class OwnerLockError extends HoldfastError {
  constructor(details: ErrorDetails) {
    super('SIGNER_OWNER_LOCK', 'the data directory cannot be locked', {
      fix: 'Check that it exists, is on a local disk with space left, and belongs to this user',
      ...details,
    });
  }
}

/**
 * This process no longer owns its data directory: the lock file was replaced or removed, or another host wrote itself
 * into the lease. It signs nothing more; find out who else uses the directory before starting again.
 */
export class LeaseLostError extends SignerError {
  readonly kind = 'stopped';
  /** Only an operator can mend it. */
  readonly retryAfterSeconds = null;
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_LEASE_LOST', `the data directory is no longer owned by this process: ${why}`, {
      fix: 'Find out who else uses it, then start the signer again',
      ...details,
    });
  }
}

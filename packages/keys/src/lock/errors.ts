import type { ErrorDetails } from '@holdfast/units';
import { KeysError } from '../errors.ts';

/** A cluster lock is refused: a field of it was changed, is malformed, or is not signed. `data.field` names the field. */
export class LockError extends KeysError {
  /** Path of the field, such as `definition.threshold` or `validators[3].sharePubkeys[1]`. */
  readonly field: string;

  constructor(field: string, why: string, details: ErrorDetails = {}) {
    super('KEYS_LOCK', `the cluster lock is refused: ${field} ${why}`, {
      fix: 'Take the lock from a node that verifies it; do not run with this one',
      ...details,
      data: { field, ...details.data },
    });
    this.field = field;
  }
}

/**
 * A deposit is refused: a field of it is malformed, not what was asked for, or not signed by its key. `data.field` names
 * the field. Money sent with it would be lost, or somebody else's.
 */
export class DepositError extends KeysError {
  /** As the deposit tools name it, such as `withdrawal_credentials`. */
  readonly field: string;

  constructor(field: string, why: string, details: ErrorDetails = {}) {
    super('KEYS_DEPOSIT', `the deposit is refused: its ${field} ${why}`, {
      fix: 'Take the deposit file as `holdfast dkg`, or a deposit tool, wrote it for this pool; deposit nothing with this one',
      ...details,
      data: { field, ...details.data },
    });
    this.field = field;
  }
}

import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** Who may speak to the signer is set up in a way that is unsafe or cannot be read; the signer does not start. */
export class SignerAccessError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_ACCESS', why, details);
  }
}

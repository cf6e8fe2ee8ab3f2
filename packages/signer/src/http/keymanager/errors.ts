import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The file that holds fee recipients, gas limits and graffiti of keys cannot be read or written. */
export class SignerSettingsError extends HoldfastError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('SIGNER_SETTINGS', why, details);
  }
}

import type { ErrorDetails } from '@holdfast/units';
import { KeysError } from '../errors.ts';

/**
 * The key-encryption key does not open this: it is another key or passphrase than the one that sealed it, or the sealed
 * bytes were altered. The two cannot be told apart.
 */
export class KekWrongError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_KEK_WRONG', 'the key-encryption key does not open what is sealed', {
      fix: 'Check the passphrase, or the token and key label; if they are right, the file was altered: restore a backup',
      ...details,
    });
  }
}

/** The PKCS#11 module cannot be loaded, or does not start (SoftHSM2: its configuration or token directory is not there). */
export class HsmModuleError extends KeysError {
  constructor(why: string, details: ErrorDetails) {
    super('KEYS_HSM_MODULE', `the PKCS#11 module ${why}`, details);
  }
}

/** No token, or more than one, has the label asked for. */
export class HsmTokenError extends KeysError {
  constructor(why: string, details: ErrorDetails) {
    super('KEYS_HSM_TOKEN', why, { fix: 'Check the token label, and that the HSM is connected', ...details });
  }
}

/** The token refuses the PIN. It is tried once only: most tokens lock after a few wrong ones. */
export class HsmPinError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_HSM_PIN', 'the token refuses the PIN', {
      fix: 'Check the PIN before you start again; a locked PIN is reset with the security officer PIN',
      ...details,
    });
  }
}

/** The token holds no key, several, or an unsuitable one under the label: it must be AES-256 and never leave the token. */
export class HsmKeyError extends KeysError {
  constructor(why: string, details: ErrorDetails) {
    super('KEYS_HSM_KEY', why, details);
  }
}

/** The token does not answer any more. Keys that are loaded go on signing; nothing can be sealed or unsealed. */
export class HsmGoneError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_HSM_GONE', 'the HSM does not answer', {
      fix: 'Reconnect the HSM and restart; what is loaded goes on signing meanwhile',
      ...details,
    });
  }
}

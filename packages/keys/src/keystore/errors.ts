import type { ErrorDetails } from '@holdfast/units';
import { KeysError } from '../errors.ts';

/** A keystore is not what EIP-2335 describes. `field` names where, like `crypto.kdf.params.salt`. */
export class KeystoreFormatError extends KeysError {
  readonly field: string;

  constructor(field: string, why: string, details: ErrorDetails = {}) {
    super('KEYSTORE_FORMAT', `the keystore's ${field} ${why}`, details);
    this.field = field;
  }
}

/** A keystore asks for more memory or work than any honest tool does: opening it could take the machine down. */
export class KeystoreCostError extends KeysError {
  constructor(what: string, details: ErrorDetails) {
    super('KEYSTORE_COST', `the keystore asks for too much ${what}`, {
      fix: 'Do not trust this file; a keystore of your own can be made again from its mnemonic',
      ...details,
    });
  }
}

/** The password does not open the keystore (its checksum differs), or the file was altered. */
export class KeystorePasswordError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYSTORE_PASSWORD', 'the password does not open the keystore', {
      fix: 'Check which password belongs to this file; control characters are ignored, letter case is not',
      ...details,
    });
  }
}

/** A keystore opens, and holds another key than its `pubkey` says. It is not used. */
export class KeystorePubkeyError extends KeysError {
  constructor(details: ErrorDetails) {
    super('KEYSTORE_PUBKEY', 'the keystore holds another key than it names', details);
  }
}

/** The work was aborted before this keystore was opened. */
export class KeystoreAbortedError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYSTORE_ABORTED', 'aborted before the keystore was opened', { fix: 'Give it again', ...details });
  }
}

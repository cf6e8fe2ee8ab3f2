import type { ErrorDetails } from '@holdfast/units';
import { KeysError } from '../errors.ts';

/** There is no sealed store in the directory. */
export class StoreMissingError extends KeysError {
  constructor(details: ErrorDetails) {
    super('KEYS_STORE_MISSING', 'there is no sealed key store here', {
      fix: 'Check the directory, or import keys to make a store',
      ...details,
    });
  }
}

/** The file is not a sealed store of a version that this Holdfast reads, or is cut off. */
export class StoreFormatError extends KeysError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('KEYS_STORE_FORMAT', `the sealed key store ${why}`, { fix: 'Restore the file from a backup', ...details });
  }
}

/**
 * The sealed store was altered: records were changed, exchanged, taken from an older file, added or removed. `keys` names
 * them. Nothing of it is used.
 */
export class StoreTamperedError extends KeysError {
  readonly keys: readonly string[];

  constructor(why: string, keys: readonly string[], details: ErrorDetails = {}) {
    super('KEYS_STORE_TAMPERED', `the sealed key store was altered: ${why}`, {
      fix: 'Find out who could write to the file; restore it from a backup that you trust',
      ...details,
      data: { keys: keys.length <= 5 ? keys : [...keys.slice(0, 5), `and ${keys.length - 5} more`], ...details.data },
    });
    this.keys = keys;
  }
}

/** The sealed store could not be read or written. The state on disk is what it was. */
export class StoreIoError extends KeysError {
  constructor(what: string, details: ErrorDetails) {
    super('KEYS_STORE_IO', `the sealed key store could not be ${what}`, {
      fix: 'Check the disk: space, rights, health',
      ...details,
    });
  }
}

/** The file changed under this process: another one wrote to it. Nothing was written over it. */
export class StoreChangedError extends KeysError {
  constructor(details: ErrorDetails = {}) {
    super('KEYS_STORE_CHANGED', 'the sealed key store was changed by another process', {
      fix: 'Run one process on a store; start this one again',
      ...details,
    });
  }
}

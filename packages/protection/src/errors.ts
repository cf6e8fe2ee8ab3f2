import { type ErrorDetails, HoldfastError } from '@holdfast/units';

/** The base of what this package throws. No error of this package ever comes with a permission to sign. */
export abstract class ProtectionError extends HoldfastError {
  /** The reason alone, without data and fix. */
  readonly why: string;

  constructor(code: string, why: string, details: ErrorDetails = {}) {
    super(code, why, details);
    this.why = why;
  }
}

/** The database, or the interchange file, belongs to another network: its genesis validators root is not the expected one. */
export class ProtectionGenesisError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_GENESIS', why, {
      fix: 'Use the database and the files of this network; each network needs a database of its own',
      ...details,
    });
  }
}

/** Another process holds the database. Two signers on one SQLite file would be the very accident that this package prevents. */
export class ProtectionLockedError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_LOCKED', why, {
      fix: 'Stop the other process, or let several signers share one PostgreSQL database',
      ...details,
    });
  }
}

/** The database is damaged: truncated, overwritten or not a database at all. Nothing is signed on a history that cannot be read. */
export class ProtectionCorruptError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_CORRUPT', why, {
      fix: 'Keep the file, stop signing, restore the latest interchange export into a new database and wait two epochs past its last record',
      ...details,
    });
  }
}

/** The disk is full, so nothing more can be recorded and nothing more is allowed. What was recorded is still there. */
export class ProtectionFullError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_FULL', why, { fix: 'Make room on the disk; `holdfast protection prune` helps', ...details });
  }
}

/** The storage below the database failed or may not be written. After a failed write the store stays shut until it is opened anew. */
export class ProtectionStorageError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_STORAGE', why, {
      fix: 'Check the disk and the rights on its folder, then open the store again',
      ...details,
    });
  }
}

/** The database's tables are of a version that this Holdfast does not know, or are no tables of Holdfast. */
export class ProtectionSchemaError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_SCHEMA', why, {
      fix: 'Use the version of Holdfast that wrote the database, or a newer one',
      ...details,
    });
  }
}

/** The database would lose a commit in a power cut, so it may not hold this history. */
export class ProtectionNotDurableError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_NOT_DURABLE', why, { fix: 'Set fsync = on and full_page_writes = on in PostgreSQL', ...details });
  }
}

/**
 * The database server did not answer, or went away while it was asked. Whether the duty was recorded is not known; it is
 * not allowed. Asking again for the same signing root is safe: it counts as a repeat if it had been recorded.
 */
export class ProtectionUnavailableError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_UNAVAILABLE', why, { fix: 'Check the database server, then ask again', ...details });
  }
}

/** More duties wait than the store may hold in its queue. */
export class ProtectionBusyError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_BUSY', why, { fix: 'Ask again in a moment', ...details });
  }
}

/** The store was closed, or its worker ended, before the answer was there. */
export class ProtectionClosedError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_CLOSED', why, { fix: 'Open the store again', ...details });
  }
}

/** A duty, a key or an option that is not well formed. */
export class ProtectionInputError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_INPUT', why, details);
  }
}

/** An interchange file that is not as EIP-3076 says. `data.path` names the place: `data[3].signed_blocks[0].slot`. */
export class ProtectionInterchangeError extends ProtectionError {
  constructor(why: string, details: ErrorDetails = {}) {
    super('PROTECTION_INTERCHANGE', why, details);
  }
}

const CLASSES = {
  PROTECTION_GENESIS: ProtectionGenesisError,
  PROTECTION_LOCKED: ProtectionLockedError,
  PROTECTION_CORRUPT: ProtectionCorruptError,
  PROTECTION_FULL: ProtectionFullError,
  PROTECTION_STORAGE: ProtectionStorageError,
  PROTECTION_SCHEMA: ProtectionSchemaError,
  PROTECTION_UNAVAILABLE: ProtectionUnavailableError,
  PROTECTION_CLOSED: ProtectionClosedError,
  PROTECTION_INPUT: ProtectionInputError,
} as const;

/** An error as it travels between threads. */
export interface PlainError {
  readonly code: keyof typeof CLASSES;
  readonly why: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The error that a worker told of, as the class it had there. */
export function errorOf({ code, why, data }: PlainError): ProtectionError {
  return new CLASSES[code](why, { data });
}

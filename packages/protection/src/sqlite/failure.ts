import {
  ProtectionCorruptError,
  ProtectionError,
  ProtectionFullError,
  ProtectionLockedError,
  ProtectionStorageError,
} from '../errors.ts';

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const FULL = 13;
const NOT_A_DATABASE = 26;

/** Any failure of the database as an error of this package. */
export function asProtectionError(error: unknown, path: string): ProtectionError {
  if (error instanceof ProtectionError) return error;
  const details = { data: { path, reason: error instanceof Error ? error.message : String(error) }, cause: error };
  switch (primaryCode(error)) {
    case BUSY:
    case LOCKED:
      return new ProtectionLockedError('another process holds the protection database', details);
    case CORRUPT:
    case NOT_A_DATABASE:
      return new ProtectionCorruptError('the protection database is damaged', details);
    case FULL:
      return new ProtectionFullError('the disk of the protection database is full', details);
    default:
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        return new ProtectionFullError('the disk of the protection database is full', details);
      return new ProtectionStorageError('the protection database cannot be used', details);
  }
}

/** Whether the database may go on after a failure: a full disk rolls back cleanly, anything else leaves doubt. */
export const mayGoOn = (error: ProtectionError): boolean => error instanceof ProtectionFullError;

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

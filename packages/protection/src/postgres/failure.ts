import {
  ProtectionCorruptError,
  ProtectionError,
  ProtectionFullError,
  ProtectionNotDurableError,
  ProtectionSchemaError,
  ProtectionStorageError,
  ProtectionUnavailableError,
} from '../errors.ts';
import type { ShownServer } from './settings.ts';

/** What a failed statement means. */
export interface Failure {
  readonly error: ProtectionError;
  /** The connection is gone, or in a state that is not known. */
  readonly lost: boolean;
  /** The server has undone the transaction, and the same again may well succeed. */
  readonly again: boolean;
}

/** Any failure of a statement or a connection as an error of this package (PostgreSQL's manual, appendix A: error codes). */
export function failureOf(error: unknown, server: ShownServer): Failure {
  if (error instanceof ProtectionError) return { error, lost: false, again: false };
  const state = sqlStateOf(error);
  const reason = error instanceof Error && error.message !== '' ? error.message : nameOf(error);
  const details = { data: { ...server, reason }, cause: error };
  const told = (made: ProtectionError, again = false): Failure => ({ error: made, lost: false, again });
  const lost = (made: ProtectionError): Failure => ({ error: made, lost: true, again: false });
  if (state === undefined)
    return lost(new ProtectionUnavailableError('the protection database does not answer', details));
  // What authentication says names the user: it stays out.
  if (state.startsWith('28'))
    return lost(
      new ProtectionUnavailableError('the protection database refuses the user or the password', {
        data: { ...server },
        fix: 'Check the user, the password and pg_hba.conf, then ask again',
      }),
    );
  // Serialization failure and deadlock: the server took this transaction back to let another one go on.
  if (state === '40001' || state === '40P01')
    return told(new ProtectionUnavailableError('other signers were in the way', details), true);
  // A lock that was not given in time, and a statement over its time.
  if (state === '55P03' || state === '57014')
    return told(new ProtectionUnavailableError('the protection database took too long', details));
  if (state === '53100') return told(new ProtectionFullError('the disk of the protection database is full', details));
  // Connection lost, shutting down or starting, idle for too long, no such database, too many connections.
  if (/^(?:08|57P|25P03|3D|53)/.test(state))
    return lost(new ProtectionUnavailableError('the protection database does not serve', details));
  if (state === '25006') return told(readOnly(server));
  // Tables, schemas, columns or functions that are not there.
  if (/^(?:42P01|3F000|42703|42883)$/.test(state))
    return told(new ProtectionSchemaError('the tables of the protection database are not as expected', details));
  if (state.startsWith('XX')) return told(new ProtectionCorruptError('the protection database is damaged', details));
  return told(new ProtectionStorageError('the protection database refuses', details));
}

export const readOnly = (server: ShownServer): ProtectionError =>
  new ProtectionNotDurableError('the database server takes no writes: it is a standby, or read-only', {
    data: { ...server },
    fix: 'Use the URL of the primary server',
  });

/** The server's own code for an error, or undefined if the error is not the server's. */
function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && code.length === 5 && severity !== undefined ? code : undefined;
}

/** An error without words, such as that of several addresses that all failed. */
function nameOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return String(code ?? name ?? error);
}

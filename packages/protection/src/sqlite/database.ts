import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { asProtectionError } from './failure.ts';
import { foldLog, markClosed, requireLog, requireWholeLog } from './log.ts';
import { createDatabase, requireKnown, type SqliteSettings } from './schema.ts';
import { requireWhole, requireWholeFile } from './whole.ts';

/**
 * Opens the database, or makes it if there is none. What each setting is for:
 * - journal_mode = WAL: a commit is one append to the log; synchronous = FULL: that append is fsynced before COMMIT returns.
 *   (NORMAL would fsync only at checkpoints, and a power cut could take back commits whose signatures are out.)
 * - locking_mode = EXCLUSIVE: the lock is held from the first read to the end, so a second process cannot open the file, and
 *   the log needs no shared memory. The kernel releases the lock of a killed process.
 * - wal_autocheckpoint = 0: the log is folded into the file by `foldLog` only.
 * Foreign keys are not enforced: keys are never deleted, and each row's key comes from the same transaction.
 */
export function openDatabase(settings: SqliteSettings): DatabaseSync {
  const { path } = settings;
  let database: DatabaseSync | undefined;
  try {
    if (!existsSync(path)) createDatabase(settings);
    const log = requireWholeLog(path);
    requireWholeFile(path, log);
    database = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 0 });
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
    `);
    // The write lock, taken once, turns exclusive mode from a wish into a fact.
    database.exec('BEGIN EXCLUSIVE');
    requireKnown(database, settings);
    requireLog(database, path, log);
    database.exec('COMMIT');
    requireWhole(database, path);
    foldLog(database);
    if (settings.pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${settings.pagesMax}`);
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw asProtectionError(error, path);
  }
}

export function closeDatabase(database: DatabaseSync): void {
  if (!database.isOpen) return;
  try {
    markClosed(database);
  } finally {
    database.close();
  }
}

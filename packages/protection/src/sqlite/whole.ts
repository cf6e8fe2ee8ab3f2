import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ProtectionCorruptError } from '../errors.ts';
import type { LogState } from './log.ts';
import { SUMS } from './schema.ts';

/**
 * The file as it lies there. SQLite takes an empty file for a new database; here it is one that has lost everything. The
 * header says how many pages there are; only with a log beside it may the file be on its way to that.
 */
export function requireWholeFile(path: string, log: LogState): void {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size === 0)
      throw new ProtectionCorruptError('the database is an empty file', {
        data: { path },
        fix: 'If it never held anything, delete it; else restore an interchange export into a new database',
      });
    const header = Buffer.alloc(100);
    const read = readSync(file, header, 0, 100, 0);
    const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const expected = header.readUInt32BE(28) * pageBytes;
    if (read < 100 || (log !== 'filled' && size < expected))
      throw new ProtectionCorruptError('the database is cut off', { data: { path, size, expected } });
  } finally {
    closeSync(file);
  }
}

/** Databases up to this size are checked page by page when they are opened; a bigger one by `integrity()` only. */
const CHECKED_PAGES_MAX = 65_536;

export function requireWhole(database: DatabaseSync, path: string): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()!.page_count);
  if (pages > CHECKED_PAGES_MAX) return;
  const [found] = [...damages(database, 'PRAGMA quick_check(1)'), ...damages(database, 'PRAGMA integrity_check(keys)')];
  const reason = found ?? wrongSums(database)[0];
  if (reason !== undefined) throw new ProtectionCorruptError('the database is damaged', { data: { path, reason } });
}

/** What SQLite finds wrong with its own structure. */
export function damages(database: DatabaseSync, pragma: string): string[] {
  const rows = database.prepare(pragma).all();
  return rows.map((row) => String(Object.values(row)[0])).filter((text) => text !== 'ok');
}

/** Tables with rows whose numbers are not those that were stored, one sentence each. */
export function wrongSums(database: DatabaseSync): string[] {
  return Object.entries(SUMS).flatMap(([table, sum]) => {
    const { n } = database.prepare(`SELECT count(*) AS n FROM ${table} WHERE sum IS NOT ${sum}`).get()!;
    return n === 0 ? [] : [`${n} rows of ${table} have changed since they were stored`];
  });
}

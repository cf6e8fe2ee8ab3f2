import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromHex, type Root, toHex } from '@holdfast/units';
import { ProtectionCorruptError, ProtectionGenesisError, ProtectionSchemaError } from '../errors.ts';
import { asProtectionError } from './failure.ts';

export const SCHEMA_VERSION = 1;
/** "HfPr": tells a database of Holdfast's protection from any other SQLite file. */
const APPLICATION_ID = 0x48665072;

/**
 * Rows of attestations lie by target first: all keys attest to the same few epochs, so a batch fills a handful of pages at
 * the end of the tree. Ordered by key first, each row of a batch would rewrite a page of its own, and the log would take
 * 4 KiB for each 56 bytes. Slots and epochs are biased (u64.ts); an unknown root is an empty blob.
 * `top_*` bounds all records that stood there at the last import or pruning; later ones are found from the newest record.
 */
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    pubkey BLOB NOT NULL UNIQUE CHECK (length(pubkey) = 48),
    disabled INTEGER NOT NULL DEFAULT 0,
    line_slot INTEGER, top_slot INTEGER,
    line_source INTEGER, line_target INTEGER, top_source INTEGER, top_target INTEGER
  ) STRICT;
  CREATE TABLE blocks (
    key INTEGER NOT NULL REFERENCES keys (id), slot INTEGER NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (key, slot, root), CHECK (length(root) IN (0, 32))
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE attestations (
    target INTEGER NOT NULL, key INTEGER NOT NULL REFERENCES keys (id), source INTEGER NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (target, key, source, root), CHECK (source <= target AND length(root) IN (0, 32))
  ) WITHOUT ROWID, STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

export interface SqliteSettings {
  readonly path: string;
  readonly genesisValidatorsRoot: Root;
  /** Most pages that the database may have. Tests simulate a full disk with it. */
  readonly pagesMax?: number;
}

/**
 * Opens the database, or makes it. What each setting is for:
 * - journal_mode = WAL: a commit is one append to the log; synchronous = FULL: that append is fsynced before COMMIT returns.
 *   (NORMAL would fsync only at checkpoints, and a power cut could take back commits whose signatures are out.)
 * - locking_mode = EXCLUSIVE: the lock is held from the first read to the end, so a second process cannot open the file, and
 *   the log needs no shared memory. The kernel releases the lock of a killed process.
 * - foreign_keys = OFF: keys are never deleted, and each row's key comes from the same transaction.
 */
export function openDatabase(settings: SqliteSettings): DatabaseSync {
  const { path } = settings;
  let database: DatabaseSync | undefined;
  try {
    createFile(path);
    database = new DatabaseSync(path, { enableForeignKeyConstraints: false, timeout: 0 });
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      PRAGMA trusted_schema = OFF;
    `);
    // The write lock, taken once, turns exclusive mode from a wish into a fact.
    database.exec('BEGIN EXCLUSIVE');
    prepareSchema(database, settings);
    database.exec('COMMIT');
    requireWhole(database, path);
    if (settings.pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${settings.pagesMax}`);
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw asProtectionError(error, path);
  }
}

/** A new file is readable by its owner only, and its name is on disk before anything relies on it. */
function createFile(path: string): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw error;
  }
  fsyncSync(file);
  closeSync(file);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function prepareSchema(database: DatabaseSync, { path, genesisValidatorsRoot }: SqliteSettings): void {
  const number = (pragma: string): number => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0]);
  const version = number('user_version');
  const application = number('application_id');
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()!.n);
  if (version === 0 && application === 0 && tables === 0) {
    database.exec(SCHEMA);
    database.prepare(`INSERT INTO meta VALUES ('genesis_validators_root', ?)`).run(fromHex(genesisValidatorsRoot, 32));
    return;
  }
  if (application !== APPLICATION_ID || version !== SCHEMA_VERSION)
    throw new ProtectionSchemaError('this is not a protection database that this version knows', {
      data: { path, version, expected: SCHEMA_VERSION, application },
    });
  const row = database.prepare(`SELECT value FROM meta WHERE name = 'genesis_validators_root'`).get();
  if (!(row?.value instanceof Uint8Array))
    throw new ProtectionCorruptError('the database does not say of which network it is', { data: { path } });
  if (toHex(row.value) !== genesisValidatorsRoot)
    throw new ProtectionGenesisError('the database is of another network', {
      data: { path, root: toHex(row.value), expected: genesisValidatorsRoot },
    });
}

/** Databases up to this size are checked page by page when they are opened; a bigger one by `integrity()` only. */
const CHECKED_PAGES_MAX = 65_536;

function requireWhole(database: DatabaseSync, path: string): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()!.page_count);
  if (pages > CHECKED_PAGES_MAX) return;
  const found = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (found !== 'ok')
    throw new ProtectionCorruptError('the database is damaged', { data: { path, found: String(found) } });
}

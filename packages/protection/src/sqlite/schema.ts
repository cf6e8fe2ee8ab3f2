import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromHex, type Root, toHex } from '@holdfast/units';
import { ProtectionCorruptError, ProtectionGenesisError, ProtectionSchemaError } from '../errors.ts';

export const SCHEMA_VERSION = 1;
/** "HfPr": tells a database of Holdfast's protection from any other SQLite file. */
const APPLICATION_ID = 0x48665072;

/** A sum over the columns' numbers, stored beside them: damage to a number in place leaves a page that looks whole. */
const sumOf = (columns: readonly string[]): string => {
  const terms = columns.map((column, at) => `(coalesce(${column}, 7) % 1000003) * ${FACTORS[at]}`);
  return `(${terms.join(' + ')}) % 65521`;
};
const FACTORS = [7919, 104_729, 611_953, 31_337, 5003, 17_389, 27_449, 48_611] as const;

/** The sum of each table's numbers. A flipped signing root need not be told: it forbids, and no root but itself passes. */
export const SUMS: Readonly<Record<'keys' | 'blocks' | 'attestations', string>> = {
  keys: sumOf(['id', 'disabled', 'line_slot', 'top_slot', 'line_source', 'line_target', 'top_source', 'top_target']),
  blocks: sumOf(['key', 'slot']),
  attestations: sumOf(['target', 'key', 'source']),
};

/**
 * Rows of attestations lie by target first: all keys attest to the same few epochs, so a batch fills a handful of pages at
 * the end of the tree. Ordered by key first, each row of a batch would rewrite a page of its own, and the log would take
 * 4 KiB for each 60 bytes. Slots and epochs are biased (u64.ts); an unknown root is an empty blob.
 * `top_*` bounds all records that stood there at the last import or pruning; later ones are found from the newest record.
 */
const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    pubkey BLOB NOT NULL UNIQUE CHECK (length(pubkey) = 48),
    disabled INTEGER NOT NULL DEFAULT 0,
    line_slot INTEGER, top_slot INTEGER,
    line_source INTEGER, line_target INTEGER, top_source INTEGER, top_target INTEGER,
    sum INTEGER GENERATED ALWAYS AS (${SUMS.keys}) STORED
  ) STRICT;
  CREATE TABLE blocks (
    key INTEGER NOT NULL REFERENCES keys (id), slot INTEGER NOT NULL, root BLOB NOT NULL,
    sum INTEGER GENERATED ALWAYS AS (${SUMS.blocks}) STORED,
    PRIMARY KEY (key, slot, root), CHECK (length(root) IN (0, 32))
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE attestations (
    target INTEGER NOT NULL, key INTEGER NOT NULL REFERENCES keys (id), source INTEGER NOT NULL, root BLOB NOT NULL,
    sum INTEGER GENERATED ALWAYS AS (${SUMS.attestations}) STORED,
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
 * Makes the database beside its place and moves it there whole, so that a file with nothing in it is never one that is
 * about to be filled. Readable by its owner only; on disk, its name too, before anything relies on it.
 */
export function createDatabase({ path, genesisValidatorsRoot }: SqliteSettings): void {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    const database = new DatabaseSync(draft);
    database.exec('PRAGMA synchronous = FULL');
    database.exec(`BEGIN; ${SCHEMA}`);
    database
      .prepare(`INSERT INTO meta VALUES ('genesis_validators_root', ?), ('log', x'00')`)
      .run(fromHex(genesisValidatorsRoot, 32));
    database.exec('COMMIT');
    database.close();
    // A link, unlike a rename, puts nothing in the place of a database that somebody else has made meanwhile.
    if (!existsSync(path)) linkSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/** Refuses a database of anything else, of another version, of another network. */
export function requireKnown(database: DatabaseSync, { path, genesisValidatorsRoot }: SqliteSettings): void {
  const number = (pragma: string): number => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get()!)[0]);
  const version = number('user_version');
  const application = number('application_id');
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

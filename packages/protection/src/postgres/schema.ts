import { fromHex, toHex } from '@holdfast/units';
import { ProtectionCorruptError, ProtectionGenesisError, ProtectionSchemaError } from '../errors.ts';
import type { HighWatermark } from '../port.ts';
import { fromStored } from '../u64.ts';
import type { PostgresSettings } from './settings.ts';

export const SCHEMA_VERSION = 1;
const TABLES = ['attestations', 'blocks', 'keys', 'meta'];

/**
 * Rows of attestations lie by target first, as in the SQLite store and for the same reason: all keys attest to the same few
 * epochs, so a batch fills a handful of pages at the end. By key first, each row would touch a page of its own, and after each
 * checkpoint the log would take all 8 KiB of it.
 * Slots and epochs are biased (u64.ts); an unknown root is empty. `top_*` bounds all records of a key and moves with each
 * claim; the rows of `keys` leave room on their pages, so that this rewrites them in place and touches no index.
 * Each condition that can be written down is, so that whoever else writes here cannot store what is never true, nor forget: a
 * key stays, and its lines and tops never fall. (Foreign keys would double the time of a claim. What they would keep out, a
 * record of no key, can only ever refuse.)
 */
const tables = (schema: string): string[] => [
  `CREATE TABLE ${schema}.meta (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version integer NOT NULL,
    genesis_validators_root bytea NOT NULL CHECK (length(genesis_validators_root) = 32),
    ceiling_epoch bigint, ceiling_slot bigint,
    CHECK (num_nulls(ceiling_epoch, ceiling_slot) IN (0, 2))
  )`,
  `CREATE TABLE ${schema}.keys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pubkey bytea NOT NULL UNIQUE CHECK (length(pubkey) = 48),
    disabled boolean NOT NULL DEFAULT false,
    line_slot bigint, top_slot bigint,
    line_source bigint, line_target bigint, top_source bigint, top_target bigint,
    CHECK (num_nulls(line_slot, top_slot) IN (0, 2)),
    CHECK (num_nulls(line_source, line_target, top_source, top_target) IN (0, 4)),
    CHECK (line_slot <= top_slot), CHECK (line_source <= top_source AND line_target <= top_target)
  ) WITH (fillfactor = 40)`,
  `CREATE TABLE ${schema}.blocks (
    key integer NOT NULL, slot bigint NOT NULL, root bytea NOT NULL,
    PRIMARY KEY (key, slot, root), CHECK (length(root) IN (0, 32))
  )`,
  `CREATE TABLE ${schema}.attestations (
    target bigint NOT NULL, key integer NOT NULL, source bigint NOT NULL, root bytea NOT NULL,
    PRIMARY KEY (target, key, source, root), CHECK (source <= target), CHECK (length(root) IN (0, 32))
  )`,
  `CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE check_violation USING MESSAGE = 'no key is ever deleted or changed, no table emptied, no watermark lowered';
  END $$`,
  `CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON ${schema}.keys EXECUTE FUNCTION ${schema}.refuse()`,
  `CREATE TRIGGER keep BEFORE DELETE OR TRUNCATE ON ${schema}.meta EXECUTE FUNCTION ${schema}.refuse()`,
  `CREATE TRIGGER keep BEFORE TRUNCATE ON ${schema}.blocks EXECUTE FUNCTION ${schema}.refuse()`,
  `CREATE TRIGGER keep BEFORE TRUNCATE ON ${schema}.attestations EXECUTE FUNCTION ${schema}.refuse()`,
  `CREATE TRIGGER rise BEFORE UPDATE ON ${schema}.keys FOR EACH ROW
    WHEN (NEW.id <> OLD.id OR NEW.pubkey <> OLD.pubkey OR ${RISING.map(falls).join(' OR ')})
    EXECUTE FUNCTION ${schema}.refuse()`,
];

const RISING = ['line_slot', 'top_slot', 'line_source', 'line_target', 'top_source', 'top_target'];
const falls = (column: string): string =>
  `(OLD.${column} IS NOT NULL AND (NEW.${column} >= OLD.${column}) IS NOT TRUE)`;

/** How many constraints these are, by PostgreSQL's letter: primary keys, unique, checks. */
export const CONSTRAINTS: Readonly<Record<string, number>> = { p: 4, u: 1, c: 11 };
/** And how many triggers. */
export const TRIGGERS = 5;

/** Asks for rows. */
export type Ask = (text: string, values?: readonly unknown[]) => Promise<readonly (readonly unknown[])[]>;

/**
 * Within a transaction: looks whether the tables are there and are what they must be. They are made only where the store is
 * opened: a database that is empty when the connection comes back is another one, and its silence is not a history.
 */
export async function prepareSchema(ask: Ask, settings: PostgresSettings, mayCreate: boolean): Promise<void> {
  const { schema, shown } = settings;
  if (mayCreate && !(await hasMeta(ask, settings))) {
    // Of two signers that start at once the second waits here, and finds the tables made.
    await ask('SELECT pg_advisory_xact_lock($1)', [settings.lock.toString()]);
    if (!(await hasMeta(ask, settings))) await createTables(ask, settings);
  }
  const found = await ask(
    `SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relpersistence = 'p' AND c.relname = ANY ($2) ORDER BY 1`,
    [shown.schema, `{${TABLES.join(',')}}`],
  );
  if (found.length !== TABLES.length)
    throw new ProtectionSchemaError('the protection database lacks tables, or has them as unlogged ones or views', {
      data: { ...shown, expected: TABLES.join(', '), found: found.flat().join(', ') },
      fix: 'Check that the URL leads to the right database. If its tables are lost, stop signing and restore a backup that is complete, or an interchange export',
    });
  const [meta] = await ask(`SELECT ${META_COLUMNS} FROM ${schema}.meta`);
  readMeta(meta, settings);
}

/** Looks into the catalog itself: `to_regclass` answers from a cache that may be older than the lock. */
async function hasMeta(ask: Ask, { shown }: PostgresSettings): Promise<boolean> {
  const found = await ask(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = 'meta'`,
    [shown.schema],
  );
  return found.length > 0;
}

async function createTables(ask: Ask, { schema, genesisValidatorsRoot, shown }: PostgresSettings): Promise<void> {
  const [space] = await ask(
    `SELECT n.oid IS NOT NULL, EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = n.oid)
     FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = $1`,
    [shown.schema],
  );
  const [exists, used] = space as readonly [boolean, boolean];
  if (used)
    throw new ProtectionSchemaError('the schema holds something else than a protection database', {
      data: { ...shown },
      fix: 'Name a schema that is empty, or not there yet',
    });
  if (!exists) await ask(`CREATE SCHEMA ${schema}`);
  for (const table of tables(schema)) await ask(table);
  await ask(`INSERT INTO ${schema}.meta (version, genesis_validators_root) VALUES ($1, $2)`, [
    SCHEMA_VERSION,
    Buffer.from(fromHex(genesisValidatorsRoot, 32)),
  ]);
}

export const META_COLUMNS = 'version, genesis_validators_root, ceiling_epoch, ceiling_slot';

/** The high watermark, from a row of META_COLUMNS that is of this version and this network. */
export function readMeta(row: readonly unknown[] | undefined, settings: PostgresSettings): HighWatermark | null {
  const { shown, genesisValidatorsRoot } = settings;
  if (row === undefined)
    throw new ProtectionCorruptError('the database does not say of which network it is', { data: { ...shown } });
  const [version, root, epoch, slot] = row as readonly [number, Uint8Array, bigint | null, bigint | null];
  if (version !== SCHEMA_VERSION)
    throw new ProtectionSchemaError('this is not a protection database that this version knows', {
      data: { ...shown, version, expected: SCHEMA_VERSION },
    });
  if (toHex(root) !== genesisValidatorsRoot)
    throw new ProtectionGenesisError('the database is of another network', {
      data: { ...shown, root: toHex(root), expected: genesisValidatorsRoot },
    });
  return epoch === null || slot === null ? null : { epoch: fromStored(epoch), slot: fromStored(slot) };
}

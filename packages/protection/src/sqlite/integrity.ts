import { toHex } from '@holdfast/units';
import type { IntegrityReport } from '../port.ts';
import { AttestationSweep, BlockSweep } from '../slashable.ts';
import type { SqliteCore } from './core.ts';
import { attestationOfRow, blockOfRow } from './history.ts';
import { SCHEMA_VERSION } from './schema.ts';
import { damages, wrongSums } from './whole.ts';

const SLASHABLE_SHOWN_MAX = 100;

/** Reads the whole database. Blocks the thread. */
export function checkIntegrity(core: SqliteCore): Omit<IntegrityReport, 'genesisValidatorsRoot'> {
  return core.transaction('BEGIN', () => {
    const count = (sql: string): number => Number(core.database.prepare(sql).get()!.n);
    const problems = [...structure(core), ...lines(core)];
    const slashable = slashablePairs(core);
    return {
      ok: problems.length === 0 && slashable.length === 0,
      schemaVersion: SCHEMA_VERSION,
      keys: count('SELECT count(*) AS n FROM keys'),
      disabledKeys: count('SELECT count(*) AS n FROM keys WHERE disabled <> 0'),
      blocks: count('SELECT count(*) AS n FROM blocks'),
      attestations: count('SELECT count(*) AS n FROM attestations'),
      problems,
      slashable,
    };
  });
}

/** What SQLite itself finds: pages, order of rows, indexes, constraints, rows of keys that do not exist. */
function structure({ database }: SqliteCore): string[] {
  const texts = [...damages(database, 'PRAGMA integrity_check(100)'), ...wrongSums(database)];
  const orphans = database.prepare('PRAGMA foreign_key_check').all().length;
  return orphans === 0 ? texts : [...texts, `${orphans} records belong to no key`];
}

/** Records without a line below them, or above the top that the fast path goes by. */
function lines({ database }: SqliteCore): string[] {
  const bad = database
    .prepare(
      `SELECT pubkey FROM keys WHERE
         (line_slot IS NULL) <> (top_slot IS NULL) OR top_slot < line_slot
         OR (line_source IS NULL) <> (line_target IS NULL) OR (line_source IS NULL) <> (top_source IS NULL)
         OR (line_source IS NULL) <> (top_target IS NULL) OR top_source < line_source OR top_target < line_target
         OR (line_slot IS NULL AND EXISTS (SELECT 1 FROM blocks b WHERE b.key = keys.id))`,
    )
    .all();
  const unlined = database
    .prepare('SELECT pubkey FROM keys WHERE line_source IS NULL AND id IN (SELECT key FROM attestations)')
    .all();
  return [...bad, ...unlined].map(
    (row) => `the watermarks of ${toHex(row.pubkey as Uint8Array)} do not fit its records`,
  );
}

function slashablePairs({ database }: SqliteCore): string[] {
  const found: string[] = [];
  const scan = (sql: string, fresh: () => (row: Record<string, unknown>) => string | undefined): void => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    let [key, next] = [-1n, fresh()];
    for (const row of statement.iterate() as Iterable<Record<string, unknown>>) {
      if (row.key !== key) [key, next] = [row.key as bigint, fresh()];
      const pair = next(row);
      if (pair === undefined) continue;
      const pubkey = database.prepare('SELECT pubkey FROM keys WHERE id = ?').get(key)?.pubkey;
      found.push(`${pubkey instanceof Uint8Array ? toHex(pubkey) : `key ${key}`}: ${pair}`);
      if (found.length >= SLASHABLE_SHOWN_MAX) return;
    }
  };
  scan('SELECT key, slot, root FROM blocks ORDER BY key, slot', () => {
    const sweep = new BlockSweep();
    return (row) => sweep.next(blockOfRow(row));
  });
  scan('SELECT key, source, target, root FROM attestations ORDER BY key, target, source', () => {
    const sweep = new AttestationSweep();
    return (row) => sweep.next(attestationOfRow(row));
  });
  return found.slice(0, SLASHABLE_SHOWN_MAX);
}

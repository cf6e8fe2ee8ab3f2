import { type Pubkey, toHex } from '@holdfast/units';
import type { InterchangeKey } from '../interchange/format.ts';
import { completeKey, type KeyRecords, minimalKey } from '../interchange/write.ts';
import type { SqliteCore } from './core.ts';
import { attestationOfRow, blockOfRow } from './history.ts';

/** The histories of keys by number. Within a transaction, or where nothing else writes. */
export function exportKeys(core: SqliteCore, ids: readonly number[], minimal: boolean): InterchangeKey[] {
  return ids.map((id) => (minimal ? minimalKey(recordsOf(core, id, false)) : completeKey(recordsOf(core, id, true))));
}

/** Disables the keys and exports their histories in one transaction: what is exported is all that they ever sign here. */
export function disableKeys(core: SqliteCore, ids: readonly number[]): InterchangeKey[] {
  const exported = core.transaction('BEGIN IMMEDIATE', () => {
    const disable = core.database.prepare('UPDATE keys SET disabled = 1 WHERE id = ?');
    for (const id of ids) disable.run(id);
    return exportKeys(core, ids, false);
  });
  for (const id of ids) core.forget(id);
  return exported;
}

function recordsOf(core: SqliteCore, id: number, withHistory: boolean): KeyRecords {
  const { blocks, attestations } = core.state(id)!;
  const pubkey = core.database.prepare('SELECT pubkey FROM keys WHERE id = ?').get(id)!.pubkey as Uint8Array;
  const rows = (sql: string) => {
    if (!withHistory) return [];
    const statement = core.database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all({ key: id });
  };
  return {
    pubkey: toHex(pubkey) as Pubkey,
    blocks: rows('SELECT slot, root FROM blocks WHERE key = :key ORDER BY slot, root').map(blockOfRow),
    attestations: rows(HISTORY).map(attestationOfRow),
    blockFrontier: blocks,
    attestationFrontier: attestations,
  };
}

/** One key's attestations, hopping from target to target. */
const HISTORY = `
  WITH RECURSIVE near (target) AS (
    SELECT min(target) FROM attestations
    UNION ALL
    SELECT (SELECT min(target) FROM attestations WHERE target > near.target) FROM near WHERE near.target IS NOT NULL
  )
  SELECT r.source, r.target, r.root FROM near CROSS JOIN attestations r ON r.target = near.target AND r.key = :key
  ORDER BY r.target, r.source, r.root`;

import { toStored } from '../u64.ts';
import { type KeyRow, lockKeysById } from './keys.ts';
import type { Transaction } from './transaction.ts';
import { integers } from './values.ts';

/** Rows looked at in one transaction, so that claims wait for a moment only. */
const ROWS_PER_PORTION = 20_000;
const KEYS_PER_PORTION = 2_000;

export interface PrunePortion {
  readonly removed: number;
  /** Where the next portion begins; null after the last. */
  readonly next: bigint | null;
}

/**
 * Drops a portion of the attestations, from the target `from` on, that lie `epochsToKeep` or more below their key's top, and
 * raises the key's lines over them: a target at or below a dropped one, or a source below a dropped one's, is refused from
 * now on, which takes in everything that could conflict with it. Targets are in their stored form.
 */
export async function pruneAttestations(
  transaction: Transaction,
  from: bigint,
  epochsToKeep: bigint,
): Promise<PrunePortion> {
  const { schema } = transaction.settings;
  const [end] = await transaction.rows<readonly [bigint | null, bigint | null]>(
    `SELECT (SELECT target FROM ${schema}.attestations WHERE target >= $1 ORDER BY target OFFSET ${ROWS_PER_PORTION} LIMIT 1),
       (SELECT max(target) FROM ${schema}.attestations)`,
    [from.toString()],
  );
  const [full, last] = end!;
  const until = full ?? last;
  if (until === null || until < from) return { removed: 0, next: null };
  const range = [from.toString(), until.toString()];
  const present = await transaction.rows<readonly [number]>(
    `SELECT DISTINCT key FROM ${schema}.attestations WHERE target BETWEEN $1 AND $2`,
    range,
  );
  const keys = await lockKeysById(transaction, present.flat());
  const cuts = cutsOf(keys, ({ state }) => state.attestations.topTarget, epochsToKeep);
  const [row] = await transaction.rows<readonly [bigint]>(
    `WITH doomed AS (
       DELETE FROM ${schema}.attestations a USING unnest($3::integer[], $4::bigint[]) AS c (key, cut)
       WHERE a.target BETWEEN $1 AND $2 AND a.key = c.key AND a.target <= c.cut RETURNING a.key, a.source, a.target
     ), lines AS (SELECT key, max(source) AS source, max(target) AS target FROM doomed GROUP BY key
     ), raised AS (
       UPDATE ${schema}.keys k
       SET line_source = greatest(k.line_source, l.source), line_target = greatest(k.line_target, l.target)
       FROM lines l WHERE k.id = l.key
     )
     SELECT count(*) FROM doomed`,
    [...range, ...cuts],
  );
  return { removed: Number(row![0]), next: full === null ? null : until + 1n };
}

/** The same for the blocks of a portion of the keys, from the number `from` on. */
export async function pruneBlocks(transaction: Transaction, from: bigint, slotsToKeep: bigint): Promise<PrunePortion> {
  const { schema } = transaction.settings;
  const ids = await transaction.rows<readonly [number]>(
    `SELECT id FROM ${schema}.keys WHERE id >= $1 ORDER BY id LIMIT ${KEYS_PER_PORTION}`,
    [from.toString()],
  );
  const keys = await lockKeysById(transaction, ids.flat());
  const cuts = cutsOf(keys, ({ state }) => state.blocks.top, slotsToKeep);
  const [row] = await transaction.rows<readonly [bigint]>(
    `WITH doomed AS (
       DELETE FROM ${schema}.blocks b USING unnest($1::integer[], $2::bigint[]) AS c (key, cut)
       WHERE b.key = c.key AND b.slot <= c.cut RETURNING b.key, b.slot
     ), lines AS (SELECT key, max(slot) AS slot FROM doomed GROUP BY key
     ), raised AS (
       UPDATE ${schema}.keys k SET line_slot = greatest(k.line_slot, l.slot) FROM lines l WHERE k.id = l.key
     )
     SELECT count(*) FROM doomed`,
    cuts,
  );
  const last = ids.at(-1)?.[0];
  return {
    removed: Number(row![0]),
    next: last === undefined || ids.length < KEYS_PER_PORTION ? null : BigInt(last + 1),
  };
}

/** For each locked key, up to where its records go; keys that have nothing so far below their top are left out. */
function cutsOf(keys: readonly KeyRow[], topOf: (key: KeyRow) => bigint, distance: bigint): readonly [string, string] {
  const old = keys.filter((key) => topOf(key) >= distance);
  return [integers(old.map(({ id }) => id)), integers(old.map((key) => toStored(topOf(key) - distance)))];
}

import { overAttestations, overBlocks } from '../frontier.ts';
import { EXACT } from '../logic/exact.ts';
import { fromStored, toStored } from '../u64.ts';
import type { SqliteCore } from './core.ts';

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
 * now on, which takes in everything that could conflict with it.
 */
export function pruneAttestations(core: SqliteCore, from: bigint, epochsToKeep: bigint): PrunePortion {
  const { database } = core;
  const cut = (id: bigint): bigint | null => below(core.state(Number(id))!.attestations.topTarget, epochsToKeep);
  database.function('cut', { useBigIntArguments: true }, (id) => cut(id as bigint));
  const touched: number[] = [];
  const portion = core.transaction('BEGIN IMMEDIATE', () => {
    const end = database.prepare(
      `SELECT target FROM attestations WHERE target >= ? ORDER BY target LIMIT 1 OFFSET ${ROWS_PER_PORTION}`,
    );
    const last = database.prepare('SELECT max(target) AS target FROM attestations');
    for (const statement of [end, last]) statement.setReadBigInts(true);
    const until = (end.get(from)?.target ?? last.get()!.target) as bigint | null;
    if (until === null || until < from) return { removed: 0, next: null };
    const doomed = 'target BETWEEN ? AND ? AND target <= cut(key)';
    const lines = database.prepare(
      `SELECT key, max(source) AS source, max(target) AS target FROM attestations WHERE ${doomed} GROUP BY key`,
    );
    lines.setReadBigInts(true);
    for (const { key, source, target } of lines.all(from, until) as unknown as readonly Line[]) {
      const state = core.state(Number(key))!;
      const attestations = overAttestations(EXACT, state.attestations, fromStored(source), fromStored(target));
      core.storeState(Number(key), { ...state, attestations });
      touched.push(Number(key));
    }
    const { changes } = database.prepare(`DELETE FROM attestations WHERE ${doomed}`).run(from, until);
    return { removed: Number(changes), next: end.get(from) === undefined ? null : until + 1n };
  });
  for (const id of touched) core.forget(id);
  core.foldNowAndThen(portion.removed + touched.length);
  return portion;
}

/** The same for the blocks of a portion of the keys, from the number `from` on. */
export function pruneBlocks(core: SqliteCore, from: bigint, slotsToKeep: bigint): PrunePortion {
  const { database } = core;
  const touched: number[] = [];
  const portion = core.transaction('BEGIN IMMEDIATE', () => {
    const ids = database.prepare(`SELECT id FROM keys WHERE id >= ? ORDER BY id LIMIT ${KEYS_PER_PORTION}`).all(from);
    const highest = database.prepare('SELECT max(slot) AS slot FROM blocks WHERE key = ? AND slot <= ?');
    highest.setReadBigInts(true);
    const remove = database.prepare('DELETE FROM blocks WHERE key = ? AND slot <= ?');
    let removed = 0;
    for (const id of ids.map((row) => Number(row.id))) {
      const state = core.state(id)!;
      const slot = below(state.blocks.top, slotsToKeep);
      const found = slot === null ? null : (highest.get(id, slot)!.slot as bigint | null);
      if (found === null) continue;
      core.storeState(id, { ...state, blocks: overBlocks(EXACT, state.blocks, fromStored(found)) });
      touched.push(id);
      removed += Number(remove.run(id, found).changes);
    }
    return { removed, next: ids.length < KEYS_PER_PORTION ? null : BigInt(Number(ids.at(-1)!.id) + 1) };
  });
  for (const id of touched) core.forget(id);
  core.foldNowAndThen(portion.removed + touched.length);
  return portion;
}

interface Line {
  readonly key: bigint;
  readonly source: bigint;
  readonly target: bigint;
}

/** The stored form of `top - distance`; null where there is nothing that far below. */
function below(top: bigint, distance: bigint): bigint | null {
  return top < distance ? null : toStored(top - distance);
}

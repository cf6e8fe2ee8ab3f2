import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  type Finding,
  findAttestation,
  findBlock,
  type KeptAttestation,
  type KeptBlock,
  type KeyedDuty,
  type KeyState,
  NO_ATTESTATIONS,
  NO_BLOCKS,
} from '../decide.ts';
import { attestationMatches, blockMatches } from '../logic/sql.ts';
import { rootFromStored, storedRoot } from '../root.ts';
import type { AttestationFrontier, BlockFrontier, Rules } from '../rules.ts';
import { fromStored, max, toStored } from '../u64.ts';

/** A row of `keys`, as its INTEGER columns are read. */
export interface KeyRow {
  readonly id: bigint;
  readonly pubkey: Uint8Array;
  readonly disabled: bigint;
  readonly line_slot: bigint | null;
  readonly top_slot: bigint | null;
  readonly line_source: bigint | null;
  readonly line_target: bigint | null;
  readonly top_source: bigint | null;
  readonly top_target: bigint | null;
}

/** Looks into the stored history. Reads only. */
export class SqliteHistory {
  readonly #rules: Rules;
  readonly #key: StatementSync;
  readonly #block: StatementSync;
  readonly #attestation: StatementSync;
  readonly #newestBlock: StatementSync;
  readonly #highestTarget: StatementSync;
  readonly #nextLowerTarget: StatementSync;
  readonly #sourceAt: StatementSync;

  constructor(database: DatabaseSync, rules: Rules) {
    this.#rules = rules;
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql);
      statement.setReadBigInts(true);
      return statement;
    };
    this.#key = prepare('SELECT * FROM keys WHERE id = ?');
    const blocks = blockMatches(rules.pairs, { slot: ':slot', root: ':root' }, { slot: 'r.slot', root: 'r.root' });
    this.#block = prepare(`SELECT slot, root FROM blocks r WHERE key = :key AND slot = :slot AND (${blocks})`);
    const attestations = attestationMatches(
      rules.pairs,
      { source: ':source', target: ':target', root: ':root' },
      { source: 'r.source', target: 'r.target', root: 'r.root' },
    );
    // A record's source is never after its target (CHECK), so what the duty surrounds ends after the duty's source;
    // every other relation is to a record that ends at the duty's target or later.
    // The targets in between are hopped over one by one, so that other keys' rows are not read.
    this.#attestation = prepare(`
      WITH RECURSIVE near (target) AS (
        SELECT min(target) FROM attestations WHERE target >= :source
        UNION ALL
        SELECT (SELECT min(target) FROM attestations WHERE target > near.target) FROM near WHERE near.target < :top
      )
      SELECT r.source, r.target, r.root FROM near CROSS JOIN attestations r ON r.target = near.target AND r.key = :key
      WHERE ${attestations}`);
    this.#newestBlock = prepare('SELECT max(slot) AS slot FROM blocks WHERE key = ?');
    this.#highestTarget = prepare('SELECT max(target) AS target FROM attestations');
    this.#nextLowerTarget = prepare('SELECT max(target) AS target FROM attestations WHERE target < ?');
    this.#sourceAt = prepare('SELECT source FROM attestations WHERE target = ? AND key = ?');
  }

  /** The state of a key as the database has it, or undefined for a number that it does not know. */
  stateOf(id: number): KeyState | undefined {
    const row = this.#key.get(id) as KeyRow | undefined;
    if (row === undefined) return undefined;
    return { enabled: row.disabled === 0n, blocks: this.#blocksOf(row), attestations: this.#attestationsOf(row) };
  }

  #blocksOf({ id, line_slot, top_slot }: KeyRow): BlockFrontier<bigint, boolean> {
    if (line_slot === null || top_slot === null) return NO_BLOCKS;
    const newest = this.#newestBlock.get(id)!.slot as bigint | null;
    return { drawn: true, line: fromStored(line_slot), top: fromStored(max(top_slot, newest ?? top_slot)) };
  }

  /**
   * Two attestations that do not conflict are in the same order by source as by target. So whatever was claimed after the
   * last import has no higher source than the newest record, and what was there at the import none above `top_source`.
   */
  #attestationsOf(row: KeyRow): AttestationFrontier<bigint, boolean> {
    const { id, line_source, line_target, top_source, top_target } = row;
    if (line_source === null || line_target === null || top_source === null || top_target === null)
      return NO_ATTESTATIONS;
    const newest = this.#newestAbove(id, top_target);
    return {
      drawn: true,
      lineSource: fromStored(line_source),
      lineTarget: fromStored(line_target),
      topSource: fromStored(max(top_source, newest?.source ?? top_source)),
      topTarget: fromStored(max(top_target, newest?.target ?? top_target)),
    };
  }

  /** A key's record with the highest target above `floor`; targets are tried from the highest that any key has. */
  #newestAbove(key: bigint, floor: bigint): { source: bigint; target: bigint } | undefined {
    let target = this.#highestTarget.get()!.target as bigint | null;
    while (target !== null && target > floor) {
      const source = this.#sourceAt.get(target, key)?.source as bigint | undefined;
      if (source !== undefined) return { source, target };
      target = this.#nextLowerTarget.get(target)!.target as bigint | null;
    }
    return undefined;
  }

  /** What the stored history says of a duty whose key's state is `state`. */
  find(duty: KeyedDuty, state: KeyState): Finding {
    if (duty.kind === 'block') {
      const { slot, root } = duty.block;
      const rows = this.#block.iterate({ key: duty.key, slot: toStored(slot), root: storedRoot(root) });
      return findBlock(this.#rules, duty.block, mapped(rows, blockOfRow));
    }
    const { source, target, root } = duty.attestation;
    const rows = this.#attestation.iterate({
      key: duty.key,
      source: toStored(source),
      target: toStored(target),
      root: storedRoot(root),
      top: toStored(state.attestations.topTarget),
    });
    return findAttestation(this.#rules, duty.attestation, mapped(rows, attestationOfRow));
  }
}

type Row = Readonly<Record<string, unknown>>;

function* mapped<T>(rows: Iterable<Row>, map: (row: Row) => T): Generator<T> {
  for (const row of rows) yield map(row);
}

export const blockOfRow = (row: Row): KeptBlock => ({
  slot: fromStored(row.slot as bigint),
  root: rootFromStored(row.root as Uint8Array),
});

export const attestationOfRow = (row: Row): KeptAttestation => ({
  source: fromStored(row.source as bigint),
  target: fromStored(row.target as bigint),
  root: rootFromStored(row.root as Uint8Array),
});

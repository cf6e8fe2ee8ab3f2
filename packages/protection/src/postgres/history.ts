import {
  type Finding,
  findAttestation,
  findBlock,
  type KeptAttestation,
  type KeptBlock,
  type KeyState,
} from '../decide.ts';
import { attestationMatches, blockMatches, SQL } from '../logic/sql.ts';
import { rootFromStored } from '../root.ts';
import { type Rules, sameAttestation, sameBlock } from '../rules.ts';
import { fromStored } from '../u64.ts';
import type { Transaction } from './transaction.ts';
import { integers, roots, u64s } from './values.ts';

/** A duty to look up, and where it stands in its batch. */
export interface Lookup<Kept> {
  readonly at: number;
  readonly key: number;
  readonly state: KeyState;
  readonly duty: Kept;
}

export const blockOfRow = ([slot, root]: readonly [bigint, Uint8Array]): KeptBlock => ({
  slot: fromStored(slot),
  root: rootFromStored(root),
});

export const attestationOfRow = ([source, target, root]: readonly [bigint, bigint, Uint8Array]): KeptAttestation => ({
  source: fromStored(source),
  target: fromStored(target),
  root: rootFromStored(root),
});

/** What the stored history says of blocks, by their place in the batch. Of each the record that conflicts, if there is one. */
export async function findBlocks(
  transaction: Transaction,
  rules: Rules,
  lookups: readonly Lookup<KeptBlock>[],
): Promise<ReadonlyMap<number, Finding>> {
  if (lookups.length === 0) return new Map();
  const duty = { slot: 'd.slot', root: 'd.root' };
  const record = { slot: 'r.slot', root: 'r.root' };
  const rows = await transaction.rows<readonly [number, bigint, Uint8Array]>(
    `WITH d AS MATERIALIZED (
       SELECT at, key, slot, decode(root, 'hex') AS root
       FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::text[]) AS u (at, key, slot, root)
     )
     SELECT DISTINCT ON (d.at) d.at, r.slot, r.root
     FROM d CROSS JOIN LATERAL (
       SELECT * FROM ${transaction.settings.schema}.blocks b WHERE b.key = d.key AND b.slot = d.slot OFFSET 0
     ) r
     WHERE ${blockMatches(rules.pairs, duty, record)}
     ORDER BY d.at, ${sameBlock(SQL, duty, record)}`,
    [
      integers(lookups.map(({ at }) => at)),
      integers(lookups.map(({ key }) => key)),
      u64s(lookups.map((lookup) => lookup.duty.slot)),
      roots(lookups.map((lookup) => lookup.duty.root)),
    ],
  );
  const found = new Map(rows.map(([at, ...row]) => [at, blockOfRow(row)]));
  return findings(lookups, found, (block, records) => findBlock(rules, block, records));
}

/**
 * The same for attestations. A record's source is never after its target (CHECK), so what a duty surrounds ends after the
 * duty's source; every other relation is to a record that ends at the duty's target or later. The targets from there up to
 * the key's top are hopped over one by one, once for all duties that share both (`near`), and each is one look into the
 * primary key, so that other keys' rows are not read. OFFSET 0 keeps the planner from turning the looks into a scan.
 */
export async function findAttestations(
  transaction: Transaction,
  rules: Rules,
  lookups: readonly Lookup<KeptAttestation>[],
): Promise<ReadonlyMap<number, Finding>> {
  if (lookups.length === 0) return new Map();
  const duty = { source: 'd.source', target: 'd.target', root: 'd.root' };
  const record = { source: 'r.source', target: 'r.target', root: 'r.root' };
  const table = `${transaction.settings.schema}.attestations`;
  const lowest = (where: string) => `(SELECT a.target FROM ${table} a WHERE ${where} ORDER BY a.target LIMIT 1)`;
  const rows = await transaction.rows<readonly [number, bigint, bigint, Uint8Array]>(
    `WITH RECURSIVE d AS MATERIALIZED (
       SELECT at, key, source, target, decode(root, 'hex') AS root, top
       FROM unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[])
         AS u (at, key, source, target, root, top)
     ), near AS (
       SELECT s.source, s.top, ${lowest('a.target >= s.source')} AS target FROM (SELECT DISTINCT source, top FROM d) s
       UNION ALL
       SELECT near.source, near.top, ${lowest('a.target > near.target')} FROM near WHERE near.target < near.top
     )
     SELECT DISTINCT ON (d.at) d.at, r.source, r.target, r.root
     FROM d JOIN near ON near.source = d.source AND near.top = d.top CROSS JOIN LATERAL (
       SELECT * FROM ${table} a WHERE a.target = near.target AND a.key = d.key OFFSET 0
     ) r
     WHERE ${attestationMatches(rules.pairs, duty, record)}
     ORDER BY d.at, ${sameAttestation(SQL, duty, record)}, r.target`,
    [
      integers(lookups.map(({ at }) => at)),
      integers(lookups.map(({ key }) => key)),
      u64s(lookups.map((lookup) => lookup.duty.source)),
      u64s(lookups.map((lookup) => lookup.duty.target)),
      roots(lookups.map((lookup) => lookup.duty.root)),
      u64s(lookups.map(({ state }) => state.attestations.topTarget)),
    ],
  );
  const found = new Map(rows.map(([at, ...row]) => [at, attestationOfRow(row)]));
  return findings(lookups, found, (attestation, records) => findAttestation(rules, attestation, records));
}

/** The rules have the last word: what SQL found goes through them once more. */
function findings<Kept>(
  lookups: readonly Lookup<Kept>[],
  found: ReadonlyMap<number, Kept>,
  find: (duty: Kept, records: readonly Kept[]) => Finding,
): ReadonlyMap<number, Finding> {
  const all = new Map<number, Finding>();
  for (const { at, duty } of lookups) {
    const record = found.get(at);
    if (record !== undefined) all.set(at, find(duty, [record]));
  }
  return all;
}

import type { IntegrityReport } from '../port.ts';
import { AttestationSweep, BlockSweep } from '../slashable.ts';
import { attestationOfRow, blockOfRow } from './history.ts';
import { readKeys } from './keys.ts';
import { scan } from './scan.ts';
import { CONSTRAINTS, SCHEMA_VERSION, TRIGGERS } from './schema.ts';
import type { Transaction } from './transaction.ts';

const SLASHABLE_SHOWN_MAX = 100;

/** Reads the whole database as it is at one moment. Claims go on. */
export async function checkIntegrity(
  transaction: Transaction,
): Promise<Omit<IntegrityReport, 'genesisValidatorsRoot'>> {
  const { schema } = transaction.settings;
  const [counts] = await transaction.rows<readonly bigint[]>(
    `SELECT (SELECT count(*) FROM ${schema}.keys), (SELECT count(*) FROM ${schema}.keys WHERE disabled),
       (SELECT count(*) FROM ${schema}.blocks), (SELECT count(*) FROM ${schema}.attestations)`,
  );
  const [keys, disabledKeys, blocks, attestations] = counts!.map(Number) as [number, number, number, number];
  const problems = [
    ...(await constraints(transaction)),
    ...(await orphans(transaction)),
    ...(await lines(transaction)),
  ];
  const slashable = await slashablePairs(transaction);
  return {
    ok: problems.length === 0 && slashable.length === 0,
    schemaVersion: SCHEMA_VERSION,
    keys,
    disabledKeys,
    blocks,
    attestations,
    problems,
    slashable,
  };
}

/** Constraints that were taken away or do not vouch for all rows, and indexes that are not in use. */
async function constraints(transaction: Transaction): Promise<string[]> {
  const schema = transaction.settings.shown.schema;
  const counts = await transaction.rows<readonly [string, bigint]>(
    `SELECT c.contype::text, count(*) FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
     WHERE n.nspname = $1 AND c.convalidated GROUP BY c.contype`,
    [schema],
  );
  const there = new Map(counts.map(([kind, count]) => [kind, Number(count)]));
  const lacking = Object.entries(CONSTRAINTS).filter(([kind, count]) => (there.get(kind) ?? 0) < count);
  const [triggers] = await transaction.rows<readonly [bigint]>(
    `SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND t.tgname IN ('keep', 'rise') AND t.tgenabled IN ('O', 'A')`,
    [schema],
  );
  const indexes = await transaction.rows<readonly [string]>(
    `SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND NOT (i.indisvalid AND i.indisready AND i.indislive)`,
    [schema],
  );
  return [
    ...(lacking.length > 0 ? ['the tables lack constraints that they were made with'] : []),
    ...(triggers![0] < BigInt(TRIGGERS) ? ['the tables lack triggers that they were made with'] : []),
    ...indexes.map(([name]) => `the index ${name} is not valid`),
  ];
}

/** Records whose key is not there. */
async function orphans(transaction: Transaction): Promise<string[]> {
  const { schema } = transaction.settings;
  const found: string[] = [];
  for (const table of ['blocks', 'attestations']) {
    const [row] = await transaction.rows<readonly [bigint]>(
      `SELECT count(*) FROM ${schema}.${table} r LEFT JOIN ${schema}.keys k ON k.id = r.key WHERE k.id IS NULL`,
    );
    if (row![0] > 0n) found.push(`${row![0]} ${table} belong to no key`);
  }
  return found;
}

/** Records without a line, or above the top that the fast path goes by. */
async function lines(transaction: Transaction): Promise<string[]> {
  const { schema } = transaction.settings;
  const rows = await transaction.rows<readonly [string]>(
    `SELECT '0x' || encode(k.pubkey, 'hex') FROM ${schema}.keys k
       LEFT JOIN (SELECT key, max(slot) AS slot FROM ${schema}.blocks GROUP BY key) b ON b.key = k.id
       LEFT JOIN (
         SELECT key, max(source) AS source, max(target) AS target FROM ${schema}.attestations GROUP BY key
       ) a ON a.key = k.id
     WHERE (b.key IS NOT NULL AND (k.top_slot IS NULL OR k.top_slot < b.slot))
        OR (a.key IS NOT NULL AND (k.top_source IS NULL OR k.top_source < a.source OR k.top_target < a.target))
        OR num_nulls(k.line_slot, k.top_slot) = 1
        OR num_nulls(k.line_source, k.line_target, k.top_source, k.top_target) IN (1, 2, 3)
        OR k.line_slot > k.top_slot OR k.line_source > k.top_source OR k.line_target > k.top_target
     ORDER BY k.id`,
  );
  return rows.map(([pubkey]) => `the watermarks of ${pubkey} do not fit its records`);
}

async function slashablePairs(transaction: Transaction): Promise<string[]> {
  const { schema } = transaction.settings;
  const pubkeys = new Map((await readKeys(transaction, undefined)).map(({ id, pubkey }) => [id, pubkey]));
  const found: string[] = [];
  const sweeping = <Row extends readonly unknown[]>(fresh: () => (row: Row) => string | undefined) => {
    let [key, next] = [-1, fresh()];
    return ([at, ...row]: readonly [number, ...Row]): boolean => {
      if (at !== key) [key, next] = [at, fresh()];
      const pair = next(row as unknown as Row);
      if (pair !== undefined) found.push(`${pubkeys.get(key) ?? `key ${key}`}: ${pair}`);
      return found.length < SLASHABLE_SHOWN_MAX;
    };
  };
  await scan(
    transaction,
    `SELECT key, slot, root FROM ${schema}.blocks ORDER BY key, slot`,
    sweeping<readonly [bigint, Uint8Array]>(() => {
      const sweep = new BlockSweep();
      return (row) => sweep.next(blockOfRow(row));
    }),
  );
  await scan(
    transaction,
    `SELECT key, source, target, root FROM ${schema}.attestations ORDER BY key, target, source`,
    sweeping<readonly [bigint, bigint, Uint8Array]>(() => {
      const sweep = new AttestationSweep();
      return (row) => sweep.next(attestationOfRow(row));
    }),
  );
  return found.slice(0, SLASHABLE_SHOWN_MAX);
}

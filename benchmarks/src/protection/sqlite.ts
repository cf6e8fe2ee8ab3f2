import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Duty, openSqliteProtection } from '@holdfast/protection';
import { BATCH, batches, GENESIS, median, PUBKEYS, ratePerSecond } from './workload.ts';

const BATCHES = 120;
const SINGLES = 1_000;

export interface SqliteFigures {
  readonly batchPerSecond: number;
  readonly singleMs: number;
  /** The same rows in the same batches by SQLite alone: nothing checked, no second thread, the same durability. */
  readonly rawPerSecond: number;
  /** Four KiB written and fsynced. */
  readonly fsyncMs: number;
}

export async function measureSqlite(folder: string): Promise<SqliteFigures> {
  const store = await openSqliteProtection({ path: `${folder}/protection.sqlite`, genesisValidatorsRoot: GENESIS });
  await store.register(PUBKEYS);
  const claim = async (batch: readonly Duty[]): Promise<void> => {
    const verdicts = await store.claimAll(batch);
    if (!verdicts.every(({ allowed }) => allowed)) throw new Error('a claim was refused');
  };
  await ratePerSecond(batches(12, 1n), claim);
  const batchPerSecond = await ratePerSecond(batches(BATCHES, 10n), claim);
  const singles: number[] = [];
  for (const duty of batches(1, 1_000n)[0]!.slice(0, SINGLES)) {
    const start = performance.now();
    const verdict = await store.claim(duty);
    singles.push(performance.now() - start);
    if (!verdict.allowed) throw new Error(verdict.message);
  }
  await store.close();
  return {
    batchPerSecond,
    singleMs: median(singles),
    rawPerSecond: await rawInserts(`${folder}/raw.sqlite`),
    fsyncMs: rawFsync(`${folder}/raw`),
  };
}

async function rawInserts(path: string): Promise<number> {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;
    CREATE TABLE attestations (target INTEGER, key INTEGER, source INTEGER, root BLOB,
      PRIMARY KEY (target, key, source, root)) WITHOUT ROWID`);
  const insert = database.prepare('INSERT INTO attestations VALUES (?, ?, ?, ?)');
  const root = Buffer.alloc(32);
  let rows = 0;
  const store = (batch: readonly Duty[]): void => {
    database.exec('BEGIN');
    for (const duty of batch) {
      if (duty.kind !== 'attestation') continue;
      rows += 1;
      root.writeUInt32LE(rows);
      insert.run(duty.targetEpoch, rows % PUBKEYS.length, duty.sourceEpoch, root);
    }
    database.exec('COMMIT');
  };
  await ratePerSecond(batches(12, 1n), store);
  const rate = await ratePerSecond(batches(BATCHES, 10n), store);
  database.close();
  if (rows !== (12 + BATCHES) * BATCH) throw new Error('rows are missing');
  return rate;
}

function rawFsync(path: string): number {
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: SINGLES }, () => {
    const start = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return median(times);
}

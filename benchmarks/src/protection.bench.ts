// How fast duties are checked and durably stored, beside what the disk and the databases do on their own in the same run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measurePostgres } from './protection/postgres.ts';
import { measureSqlite } from './protection/sqlite.ts';
import { BATCH, KEYS } from './protection/workload.ts';
import type { BenchRow } from './row.ts';

export const names = ['protection.batchPerSecond', 'protection.singleMs', 'protection.postgresPerSecond'];

export async function run(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-protection-'));
  try {
    const sqlite = await measureSqlite(folder);
    const postgres = await measurePostgres();
    console.log(
      `${KEYS} keys, batches of ${BATCH}: SQLite takes ${percent(sqlite.batchPerSecond, sqlite.rawPerSecond)} of its raw rate, ` +
        `PostgreSQL ${percent(postgres.perSecond, postgres.rawPerSecond)}`,
    );
    return [
      {
        name: 'protection.batchPerSecond',
        value: Math.round(sqlite.batchPerSecond),
        unit: '/s',
        target: 50_000,
        better: 'higher',
        baseline: { name: 'SQLite alone, unchecked', value: Math.round(sqlite.rawPerSecond) },
      },
      {
        name: 'protection.singleMs',
        value: sqlite.singleMs,
        unit: 'ms',
        target: 2,
        better: 'lower',
        baseline: { name: 'one fsync', value: sqlite.fsyncMs },
      },
      {
        name: 'protection.postgresPerSecond',
        value: Math.round(postgres.perSecond),
        unit: '/s',
        target: 10_000,
        better: 'higher',
        baseline: { name: 'PostgreSQL alone, unchecked', value: Math.round(postgres.rawPerSecond) },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

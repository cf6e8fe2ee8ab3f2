import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Bench } from './discover.ts';
import { type BenchRow, checkRow } from './row.ts';

/** A bench that crashed, gave nothing, or gave something that is no row. */
export class BenchFailure extends Error {
  constructor(bench: string, why: string) {
    super(`bench ${bench}: ${why}`);
    this.name = 'BenchFailure';
  }
}

/** Runs one bench in a process of its own. What it prints goes to standard error, which is for progress. */
export async function runBench(bench: Bench): Promise<BenchRow[]> {
  const rows = await rowsFromChild(bench);
  if (!Array.isArray(rows)) throw new BenchFailure(bench.name, 'run() gave no list of rows');
  const checked = rows.map(checkRow);
  const wrong = checked.filter((row) => typeof row === 'string');
  if (wrong.length > 0) throw new BenchFailure(bench.name, wrong.join('; '));
  const good = checked.filter((row) => typeof row !== 'string');
  requireNamesKept(bench, good);
  return good;
}

function rowsFromChild(bench: Bench): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'child.ts'), [bench.path], {
      env: { ...process.env, ...bench.env },
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let rows: { readonly value: unknown } | undefined;
    child.once('message', (value) => {
      rows = { value };
    });
    child.once('error', (error) => reject(new BenchFailure(bench.name, error.message)));
    child.once('close', (code, signal) => {
      if (rows && code === 0) resolve(rows.value);
      else reject(new BenchFailure(bench.name, `ended with ${signal ?? `code ${code}`} and no rows`));
    });
  });
}

/** A bench that announces its rows must give just those, or a filter would pass over a figure without a word. */
function requireNamesKept(bench: Bench, rows: readonly BenchRow[]): void {
  if (bench.names === undefined) return;
  const given = new Set(rows.map(({ name }) => name));
  const missing = bench.names.filter((name) => !given.has(name));
  const extra = [...given].filter((name) => !bench.names!.includes(name));
  if (missing.length > 0) throw new BenchFailure(bench.name, `announces ${missing.join(', ')} but did not give it`);
  if (extra.length > 0) throw new BenchFailure(bench.name, `gave ${extra.join(', ')} without announcing it in names`);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './row.ts';

/**
 * Writes a bench's figures to `dir/<bench>.snap.json`, with the machine they were measured on. There is no date in it,
 * so that measuring again without a change changes only what was measured.
 */
export function saveSnapshot(dir: string, bench: string, rows: readonly BenchRow[]): string {
  const path = join(dir, `${bench}.snap.json`);
  const machine = { node: process.version, cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length };
  mkdirSync(dir, { recursive: true });
  writeFileSync(path, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  return path;
}

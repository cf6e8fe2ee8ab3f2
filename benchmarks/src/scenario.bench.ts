// A pool's whole life, as `npm run scenario` plays it, from the start of the process to its end.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchRow } from './row.ts';

export const names = ['scenario.seconds'];

const TARGET_SECONDS = 120;
const MAIN = join(import.meta.dirname, '..', '..', 'scenarios', 'src', 'main.ts');

interface Report {
  readonly acts: readonly { readonly n: number; readonly name: string; readonly ok: boolean }[];
  readonly accountedDiffWei: string;
}

export async function run(): Promise<BenchRow[]> {
  return [{ name: 'scenario.seconds', value: await play(), unit: 's', target: TARGET_SECONDS, better: 'lower' }];
}

/** Seconds. A life in which an act fails, or a wei is missing, has no time. */
async function play(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
  try {
    const json = join(folder, 'report.json');
    const started = performance.now();
    const code = await exitCodeOf([MAIN, '--adapter', 'edr', '--json', json]);
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) throw new Error(`the scenario ended with ${code}`);
    const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
    const failed = report.acts.filter(({ ok }) => !ok).map(({ n, name }) => `${n} ${name}`);
    if (failed.length > 0 || report.accountedDiffWei !== '0') {
      throw new Error(`failed acts: ${failed.join(', ') || 'none'}; unaccounted: ${report.accountedDiffWei} wei`);
    }
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function exitCodeOf(args: readonly string[]): Promise<number | string> {
  return new Promise((resolve, reject) => {
    // What it says is progress: this process's own output is, too.
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no code'));
  });
}

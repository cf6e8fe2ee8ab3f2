import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { ScenarioReport } from '../src/run.ts';

const run = promisify(execFile);
const MAIN = new URL('../src/main.ts', import.meta.url).pathname;

/** As a user runs it, in a process of its own. */
async function play(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await run(process.execPath, [MAIN, ...args], { maxBuffer: 64 * 1024 * 1024 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

test.each(['edr', 'engine'])(
  'a whole life on %s: ten acts, every checkpoint at the truth, nothing unaccounted',
  async (adapter) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
    try {
      const file = join(folder, 'report.json');
      const { code, stdout } = await play('--adapter', adapter, '--json', file);
      expect(stdout).not.toContain('FAILED');
      expect(code).toBe(0);
      const report = JSON.parse(readFileSync(file, 'utf8')) as ScenarioReport;
      expect(report.adapter).toBe(adapter);
      expect(report.acts.map(({ n, ok }) => [n, ok])).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, true]));
      expect(report.checkpoints.length).toBeGreaterThan(5);
      for (const { diffGwei, diffWei } of report.checkpoints) expect([diffGwei, diffWei]).toEqual(['0', '0']);
      expect(report.accountedDiffWei).toBe('0');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  900_000,
);

test('a bad option is refused by name', async () => {
  const unknown = await play('--adapter', 'geth');
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('--adapter geth');
  expect((await play('--nonsense')).code).toBe(2);
});

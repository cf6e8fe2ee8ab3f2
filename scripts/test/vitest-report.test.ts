import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { countVitest } from '../lib/vitest-report.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
afterAll(() => rmSync(dir, { recursive: true }));

function count(passed: number, failed: number, files: readonly string[][], exitCode: number) {
  const path = join(dir, 'report.json');
  const testResults = files.map(([status, ...cases]) => ({
    status,
    assertionResults: cases.map((one) => ({ status: one })),
  }));
  writeFileSync(path, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults }));
  return countVitest(path, exitCode);
}

it.each([
  ['all pass', count(2, 0, [['passed', 'passed', 'passed']], 0), { passed: 2, failed: 0 }],
  ['one case fails', count(1, 1, [['failed', 'passed', 'failed']], 1), { passed: 1, failed: 1 }],
  ['a file does not load', count(1, 0, [['passed', 'passed'], ['failed']], 1), { passed: 1, failed: 1 }],
  ['an error nobody caught', count(1, 0, [['passed', 'passed']], 1), { passed: 1, failed: 1 }],
  ['no report at all', countVitest(join(dir, 'none.json'), 0), { passed: 0, failed: 1 }],
])('%s', (_name, actual, expected) => expect(actual).toEqual(expected));

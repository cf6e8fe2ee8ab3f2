import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkDeps } from '../check-deps.ts';
import { checkHygiene } from '../check-hygiene.ts';
import { ensurePostgresUser } from '../ensure-postgres-user.ts';
import { ensureSoftHsm } from '../ensure-softhsm.ts';
import { checkErrors } from '../errors.ts';
import { type Count, countVitest } from './vitest-report.ts';
import { ROOT } from './workspaces.ts';

export interface StepOptions {
  /** Names or paths that vitest narrows its files by. */
  readonly filters: readonly string[];
  /** Long fuzz and invariant runs: tests read it as HOLDFAST_DEEP=1. */
  readonly deep: boolean;
}

/** What `npm test` runs, in this order: the quick ones first. */
export const STEPS: Readonly<Record<string, (options: StepOptions) => Count>> = {
  hygiene: () => checked(checkHygiene()),
  deps: () => checked(checkDeps()),
  errors: () => checked(checkErrors()),
  lint: () => command(['@biomejs/biome/bin/biome', 'check', '--error-on-warnings']),
  // The page is bundled, all else runs in Node as it stands: two programs, and no file checked ten times over.
  types: () => sum(['.', 'apps/dashboard'].map(typecheck)),
  contracts: () => command([join(ROOT, 'contracts/build/main.ts'), '--check']),
  system,
  vitest: runVitest,
};

export function sum(counts: readonly Count[]): Count {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
  };
}

function checked(problems: readonly string[]): Count {
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Runs a script with this very Node: an absolute path, or one inside node_modules. */
function node([script, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): number {
  const path = join(ROOT, 'node_modules', script!);
  const { status, error } = spawnSync(process.execPath, [existsSync(path) ? path : script!, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error) throw error;
  return status ?? 1;
}

function command(args: readonly string[]): Count {
  return node(args) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function typecheck(dir: string): Count {
  const count = command(['typescript/bin/tsc', '-p', dir, '--pretty', 'false']);
  if (count.failed > 0) console.error(`tsc -p ${dir} failed`);
  return count;
}

/** What the tests want of the machine. Counts as neither: without a token the tests that want one say themselves that they were left out. */
function system(): Count {
  ensurePostgresUser();
  const missing = ensureSoftHsm();
  if (missing !== null) console.log(`   no PKCS#11 token to test with; ${missing}`);
  return { passed: 0, failed: 0 };
}

function runVitest({ filters, deep }: StepOptions): Count {
  const report = join(ROOT, '.cache', `vitest-${process.pid}.json`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    // Hundreds of processes that tests start need not compile the same files each.
    const env = {
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/tests'),
      ...(deep ? { HOLDFAST_DEEP: '1' } : {}),
    };
    const exitCode = node(['vitest/vitest.mjs', 'run', ...reporters, ...filters], env);
    return countVitest(report, exitCode);
  } finally {
    rmSync(report, { force: true });
  }
}

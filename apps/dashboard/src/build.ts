import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DashboardError } from './errors.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const HASH_FILE = '.content-hash';
/** What the page is made of; a change of any of these builds it anew. */
const SOURCES = ['src/web', 'src/shared', 'src/build.ts', 'package.json'];

export interface BuildOptions {
  /** Told what is being done, one line each. */
  readonly onProgress?: ((line: string) => void) | undefined;
}

export interface BuiltDashboard {
  /** Folder with `index.html`. */
  readonly dir: string;
  readonly seconds: number;
  /** Whether a page that was built before from the same sources serves. */
  readonly cached: boolean;
}

let underWay: Promise<BuiltDashboard> | null = null;

/**
 * Builds the page, or finds the one that was built from the same sources. Callers at the same time share one build.
 *
 * @throws DashboardError
 */
export function buildDashboard(options: BuildOptions = {}): Promise<BuiltDashboard> {
  underWay ??= buildOrFind(options.onProgress ?? (() => {})).finally(() => {
    underWay = null;
  });
  return underWay;
}

async function buildOrFind(onProgress: (line: string) => void): Promise<BuiltDashboard> {
  const started = performance.now();
  const seconds = () => Math.round(performance.now() - started) / 1000;
  const hash = await hashOfSources();
  const known = await readFile(join(DIST, HASH_FILE), 'utf8').catch(() => null);
  if (known === hash && existsSync(join(DIST, 'index.html'))) return { dir: DIST, seconds: seconds(), cached: true };
  onProgress('building the dashboard');
  try {
    await buildInto(hash);
  } catch (cause) {
    throw new DashboardError('the page cannot be built', { cause, fix: 'Run npm ci, then try again' });
  }
  onProgress(`dashboard built in ${seconds().toFixed(1)} s`);
  return { dir: DIST, seconds: seconds(), cached: false };
}

/** Built aside and moved into place, so that nobody is ever served half a page. */
async function buildInto(hash: string): Promise<void> {
  const { build } = await import('vite');
  const { default: react } = await import('@vitejs/plugin-react');
  const aside = await mkdtemp(`${DIST}-`);
  try {
    await build({
      configFile: false,
      root: join(ROOT, 'src/web'),
      plugins: [react()],
      logLevel: 'error',
      build: {
        outDir: aside,
        emptyOutDir: true,
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
        chunkSizeWarningLimit: 2_000,
      },
    });
    await writeFile(join(aside, HASH_FILE), hash);
    await rm(DIST, { recursive: true, force: true });
    await rename(aside, DIST).catch(async (error: unknown) => {
      // Another process was quicker; its page is as good when it is made of the same.
      if ((await readFile(join(DIST, HASH_FILE), 'utf8').catch(() => null)) !== hash) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const require = createRequire(import.meta.url);
  for (const name of ['vite', 'react', 'react-dom', 'uplot', 'viem']) {
    const { version } = require(`${name}/package.json`) as { version: string };
    hash.update(`${name}@${version}\n`);
  }
  for (const path of await filesOf(SOURCES)) {
    hash.update(`${path}\0`).update(await readFile(join(ROOT, path)));
  }
  return hash.digest('hex');
}

async function filesOf(sources: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    sources.map(async (source) => {
      const entries = await readdir(join(ROOT, source), { recursive: true, withFileTypes: true }).catch(() => null);
      if (entries === null) return [source];
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
    }),
  );
  return lists.flat().sort();
}

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOLC_VERSION } from './settings.ts';
import { CONTRACTS_DIR, type SourceTexts } from './sources.ts';

/** Where compilations are remembered unless a caller says otherwise; not committed. */
export const CACHE_DIR: string = join(CONTRACTS_DIR, '..', '.cache', 'solc');
/** Raised when what is stored for a unit changes its shape, or how it is come by. */
const FORMAT = 3;

/** Names a compilation by everything that decides its outcome: compiler, settings, texts. */
export function cacheKey(sources: SourceTexts, settings: object): string {
  const hash = createHash('sha256').update(JSON.stringify([FORMAT, SOLC_VERSION, settings]));
  for (const [name, text] of Object.entries(sources)) hash.update(JSON.stringify([name, text]));
  return hash.digest('hex');
}

/** What was stored under `key`, or undefined; a damaged entry counts as absent. */
export function readCache<T>(dir: string, key: string): T | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, `${key}.json`), 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Stores `value` under `key` in one step, so that two builds at once cannot read half an entry. */
export function writeCache(dir: string, key: string, value: unknown): void {
  mkdirSync(dir, { recursive: true });
  const scratch = join(dir, `${key}.${process.pid}.tmp`);
  writeFileSync(scratch, JSON.stringify(value));
  renameSync(scratch, join(dir, `${key}.json`));
}

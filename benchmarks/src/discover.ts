import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One bench file: what it is called, what it gives, how it wants to be run. */
export interface Bench {
  readonly name: string;
  readonly path: string;
  /** The rows it gives, where it says so. */
  readonly names: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
}

const STRING = /(?:'[^'\\\n]*'|"[^"\\\n]*")/.source;
const NAMES = new RegExp(`^export const names\\b[^=]*= \\[((?:\\s*${STRING}\\s*,?)*)\\s*\\]`, 'm');
const ENV = /^export const env\b[^=]*= \{([^{}]*)\}/m;
const ENV_ENTRY = new RegExp(`^\\s*(\\w+)\\s*:\\s*(${STRING})\\s*$`);

/**
 * The benches in `dir`, by name. `names` and `env` are read from the text as literals: importing a bench to ask would
 * take seconds and fix this process's preset.
 */
export function discover(dir: string): Bench[] {
  return globSync('*.bench.ts', { cwd: dir })
    .sort()
    .map((file) => {
      const path = join(dir, file);
      const text = readFileSync(path, 'utf8');
      return { name: basename(file, '.bench.ts'), path, names: namesIn(text, file), env: envIn(text, file) };
    });
}

function namesIn(text: string, file: string): string[] | undefined {
  if (!/^export const names\b/m.test(text)) return undefined;
  const list = NAMES.exec(text)?.[1];
  if (list === undefined) throw new Error(`${file}: names must be a literal list of strings`);
  return [...list.matchAll(new RegExp(STRING, 'g'))].map(([quoted]) => quoted.slice(1, -1));
}

function envIn(text: string, file: string): Record<string, string> {
  if (!/^export const env\b/m.test(text)) return {};
  const body = ENV.exec(text)?.[1];
  const entries = body?.split(',').filter((entry) => entry.trim() !== '') ?? [undefined];
  const pairs = entries.map((entry) => ENV_ENTRY.exec(entry ?? ''));
  if (pairs.includes(null)) throw new Error(`${file}: env must be a literal object of strings`);
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!.slice(1, -1)]));
}

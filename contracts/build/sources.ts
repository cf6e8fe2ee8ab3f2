import { existsSync, globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';

/** Texts of Solidity files by source-unit name: `src/custody/Vault.sol`, `@openzeppelin/contracts/…`. */
export type SourceTexts = Record<string, string>;

const require = createRequire(import.meta.url);
/** The `contracts/` folder. */
export const CONTRACTS_DIR: string = join(import.meta.dirname, '..');

/** Libraries whose imports are looked up in node_modules, and where each lies. */
const LIBRARIES: Record<string, () => string> = {
  '@openzeppelin/contracts/': () => dirname(require.resolve('@openzeppelin/contracts/package.json')),
};

/** Reads source units, each once; `overrides` replace or add units without touching the disk. */
export class SourceReader {
  readonly #texts = new Map<string, string | undefined>();
  readonly #overrides: Readonly<SourceTexts>;
  readonly #dir: string;

  constructor(overrides: Readonly<SourceTexts> = {}, dir = CONTRACTS_DIR) {
    this.#overrides = overrides;
    this.#dir = dir;
  }

  /** The names of all units under `folder` (`src` or `test`), overrides included, sorted. */
  list(folder: 'src' | 'test'): string[] {
    const onDisk = globSync(`${folder}/**/*.sol`, { cwd: this.#dir }).map((path) => path.replaceAll('\\', '/'));
    const added = Object.keys(this.#overrides).filter((name) => name.startsWith(`${folder}/`) && name.endsWith('.sol'));
    return [...new Set([...onDisk, ...added])].sort();
  }

  /** The text of a unit, or undefined where there is no such file. */
  read(unit: string): string | undefined {
    if (!this.#texts.has(unit)) this.#texts.set(unit, this.#load(unit));
    return this.#texts.get(unit);
  }

  /**
   * Every unit that `root` needs, itself included, sorted by name. Units that cannot be found are left out:
   * the compiler then names the import and its line.
   */
  closure(root: string): SourceTexts {
    const found = new Map<string, string>();
    const open = [root];
    for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
      if (found.has(unit)) continue;
      const text = this.read(unit);
      if (text === undefined) continue;
      found.set(unit, text);
      for (const path of importsOf(text)) open.push(resolveImport(unit, path));
    }
    return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #load(unit: string): string | undefined {
    const override = this.#overrides[unit];
    if (override !== undefined) return override;
    const library = Object.keys(LIBRARIES).find((prefix) => unit.startsWith(prefix));
    const path = library ? join(LIBRARIES[library]!(), unit.slice(library.length)) : join(this.#dir, unit);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }
}

/** The paths a Solidity text imports, as written. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '');
  return [...code.matchAll(/\bimport\b(?:[^"';]*\bfrom\b)?\s*["']([^"']+)["']/g)].map((match) => match[1]!);
}

/** Source-unit name of `path` imported by `importer`: relative paths start at the importer's folder. */
function resolveImport(importer: string, path: string): string {
  return path.startsWith('.') ? posix.join(posix.dirname(importer), path) : path;
}

import { type Artifact, artifactsOf, type SolcOutput } from './artifact.ts';
import { CACHE_DIR, cacheKey, readCache, writeCache } from './cache.ts';
import { fatalMessages, formatMessage, isStackTooDeep, type SolcMessage, SolidityError } from './diagnostics.ts';
import { DEFAULT_OPTIMIZER_RUNS, type Mode, settingsFor } from './settings.ts';
import { runSolc } from './solc-pool.ts';
import { SourceReader, type SourceTexts } from './sources.ts';

export interface CompileOptions {
  /** Texts that replace (or add to) those on disk, by unit name such as `src/custody/Vault.sol`: for mutants and probes. */
  readonly sources?: Readonly<SourceTexts>;
  /** What to compile: contract names (found as `Name.sol`) or unit names. Everything under `src/` if absent. */
  readonly only?: readonly string[];
  /** Also everything under `test/`. No effect with `only`. */
  readonly tests?: boolean;
  /** No optimizer, no IR: a mutant in a fraction of the time. The bytes are not those of a release. */
  readonly fast?: boolean;
  readonly optimizerRuns?: number;
  /** Where finished compilations are remembered; `.cache/solc` of the repository if absent. */
  readonly cacheDir?: string;
}

export interface Compilation {
  /** Artifacts by contract name. */
  readonly contracts: Readonly<Record<string, Artifact>>;
  /** Units that went through the compiler; the others came from the cache. */
  readonly compiled: readonly string[];
  /** Warnings that stop nothing (under `test/`, or allowed), one line each. */
  readonly warnings: readonly string[];
}

interface Unit {
  readonly artifacts: readonly Artifact[];
  readonly warnings: readonly string[];
}

/** What the cache keeps of a unit: failures too, so that what stays broken is not compiled again. */
interface Outcome {
  readonly artifacts: readonly Artifact[];
  readonly messages: readonly SolcMessage[];
}

/**
 * Compiles Solidity offline with the pinned compiler. Each unit is compiled with exactly what it imports and nothing
 * else, so its bytes do not depend on its neighbours, and is remembered by the hash of those texts and settings.
 * Throws `SolidityError` for errors anywhere and for warnings under `src/`.
 *
 * @example
 * const { contracts } = await compile({ only: ['Vault'] });
 * const mutant = await compile({ only: ['Vault'], fast: true, sources: { 'src/custody/Vault.sol': mutated } });
 */
export async function compile(options: CompileOptions = {}): Promise<Compilation> {
  const reader = new SourceReader(options.sources);
  const roots = options.only
    ? [...new Set(options.only.map((wanted) => rootFor(wanted, reader)))]
    : largestFirst([...reader.list('src'), ...(options.tests ? reader.list('test') : [])], reader);
  const compiled: string[] = [];
  const results = await Promise.allSettled(roots.map((root) => compileUnit(root, reader, options, compiled)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const unexpected = failures.find((reason) => !(reason instanceof SolidityError));
  if (unexpected !== undefined) throw unexpected;
  if (failures.length > 0) {
    throw new SolidityError([...new Set(failures.flatMap((failure) => (failure as SolidityError).diagnostics))]);
  }
  const units = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    contracts: byName(units.flatMap((unit) => unit.artifacts)),
    compiled: compiled.sort(),
    warnings: [...new Set(units.flatMap((unit) => unit.warnings))],
  };
}

async function compileUnit(
  root: string,
  reader: SourceReader,
  options: CompileOptions,
  compiled: string[],
): Promise<Unit> {
  const sources = reader.closure(root);
  if (sources[root] === undefined) throw new SolidityError([`${root}: no such file`]);
  const wanted: Mode = options.fast ? 'fast' : root.startsWith('test/') ? 'test' : 'release';
  const runs = options.optimizerRuns ?? DEFAULT_OPTIMIZER_RUNS;
  const cacheDir = options.cacheDir ?? CACHE_DIR;
  const key = cacheKey(sources, settingsFor(root, wanted, runs));
  let outcome = readCache<Outcome>(cacheDir, key);
  if (outcome === undefined) {
    outcome = await outcomeOf(root, sources, wanted, runs);
    writeCache(cacheDir, key, outcome);
    compiled.push(root);
  }
  const { artifacts, messages } = outcome;
  const show = (message: SolcMessage) => formatMessage(message, (unit) => sources[unit]);
  const fatal = fatalMessages(messages);
  if (fatal.length > 0) throw new SolidityError(fatal.map(show));
  const warnings = options.fast ? [] : messages.filter(isOurWarning).map(show);
  return { artifacts, warnings };
}

/** Warnings about libraries are for their authors. */
function isOurWarning({ severity, sourceLocation }: SolcMessage): boolean {
  return severity === 'warning' && !sourceLocation?.file.startsWith('@');
}

/** Runs the compiler; where it runs out of stack, again in the modes that have more of it. */
async function outcomeOf(root: string, sources: SourceTexts, wanted: Mode, runs: number): Promise<Outcome> {
  const modes: readonly Mode[] = wanted === 'release' ? ['release'] : [wanted, 'lean', 'release'];
  let output = await runMode(root, sources, wanted, runs);
  for (const mode of modes.slice(1)) {
    if (isStackTooDeep(output.errors ?? [])) output = await runMode(root, sources, mode, runs);
  }
  const messages = output.errors ?? [];
  const failed = messages.some(({ severity }) => severity === 'error');
  return { artifacts: failed ? [] : artifactsOf(root, output), messages };
}

async function runMode(
  root: string,
  sources: SourceTexts,
  mode: Mode,
  runs: number,
): Promise<SolcOutput & { errors?: SolcMessage[] }> {
  const units = Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }]));
  const input = { language: 'Solidity', sources: units, settings: settingsFor(root, mode, runs) };
  return JSON.parse(await runSolc(JSON.stringify(input))) as SolcOutput & { errors?: SolcMessage[] };
}

/** The unit that holds `wanted`: a unit's own name, or the one file named after the contract. */
function rootFor(wanted: string, reader: SourceReader): string {
  if (wanted.endsWith('.sol')) return wanted;
  const units = [...reader.list('src'), ...reader.list('test')];
  const named = units.filter((unit) => unit.endsWith(`/${wanted}.sol`));
  const [found, other] = named.length > 0 ? named : units.filter((unit) => declares(reader.read(unit), wanted));
  if (found === undefined) throw new SolidityError([`${wanted}: no unit under src/ or test/ declares it`]);
  if (other !== undefined)
    throw new SolidityError([`${wanted}: both ${found} and ${other}; ask for one of them by path`]);
  return found;
}

/** Large units take longest: begun first, they do not end up alone on one thread while the others are idle. */
function largestFirst(roots: readonly string[], reader: SourceReader): string[] {
  const size = (root: string) => Object.values(reader.closure(root)).reduce((total, text) => total + text.length, 0);
  const sizes = new Map(roots.map((root) => [root, size(root)]));
  return [...roots].sort((a, b) => sizes.get(b)! - sizes.get(a)!);
}

function declares(text: string | undefined, name: string): boolean {
  return new RegExp(`^\\s*(?:abstract\\s+)?(?:contract|interface|library)\\s+${name}\\b`, 'm').test(text ?? '');
}

/** Two contracts of one name would overwrite each other's bindings, so that is refused. */
function byName(artifacts: readonly Artifact[]): Record<string, Artifact> {
  const found: Record<string, Artifact> = {};
  for (const artifact of artifacts) {
    const other = found[artifact.name];
    if (other) {
      throw new SolidityError([`${artifact.source}: ${artifact.name} is declared in ${other.source} too; rename one`]);
    }
    found[artifact.name] = artifact;
  }
  return found;
}

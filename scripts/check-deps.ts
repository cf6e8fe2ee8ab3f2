// Imports run down the floors of the house, never in a circle, never past a package's entry; and every external
// dependency is pinned, declared where it is used and justified in docs/dependencies.md.
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { cyclesOf } from './lib/cycles.ts';
import { CONTRACT_TEST_EXTRAS, FLOORS, TEST_EXTRAS } from './lib/floors.ts';
import { type SourceFile, sourceFilesOf, targetOf } from './lib/graph.ts';
import { packageOf } from './lib/imports.ts';
import { type Manifest, ROOT, readManifest, type Workspace, workspacesOf } from './lib/workspaces.ts';

const SCOPE = '@holdfast/';

interface House {
  readonly root: string;
  readonly workspaces: readonly Workspace[];
  readonly files: readonly SourceFile[];
  readonly rootManifest: Manifest;
}

/** What is wrong with the imports and dependencies of the repository at `root`, one sentence each. */
export function checkDeps(root: string = ROOT): string[] {
  const workspaces = workspacesOf(root);
  const house: House = {
    root,
    workspaces,
    files: sourceFilesOf(root, workspaces),
    rootManifest: readManifest(root, '.'),
  };
  return [
    ...workspaces
      .filter(({ dir }) => !(dir in FLOORS))
      .map(({ dir }) => `${dir}: has no floor in scripts/lib/floors.ts`),
    ...house.files.flatMap((file) => file.imports.flatMap((specifier) => checkImport(house, file, specifier))),
    ...fileCycles(house),
    ...workspaceCycles(house),
    ...pinsAndDocs(house),
  ];
}

function checkImport(house: House, file: SourceFile, specifier: string): string[] {
  const found = `${file.path}: imports '${specifier}'`;
  if (specifier.startsWith('.')) return checkRelative(house, file, specifier, found);
  if (isBuiltin(specifier)) return specifier.startsWith('node:') ? [] : [`${found}; write 'node:${specifier}'`];
  const name = packageOf(specifier);
  if (name.startsWith(SCOPE)) return checkSibling(house, file, specifier, found);
  return isDeclared(house, file, name) ? [] : [`${found}, which ${file.workspace.dir}/package.json does not declare`];
}

function checkRelative({ root }: House, file: SourceFile, specifier: string, found: string): string[] {
  const target = targetOf(file, specifier);
  if (!target.startsWith(`${file.workspace.dir}/`))
    return [`${found}, outside of its package; import the package's entry`];
  return existsSync(join(root, target)) ? [] : [`${found}, but there is no ${target}`];
}

function checkSibling(house: House, file: SourceFile, specifier: string, found: string): string[] {
  const name = packageOf(specifier);
  const target = house.workspaces.find(({ manifest }) => manifest.name === name);
  if (target === undefined) return [`${found}, but no workspace has that name`];
  if (target === file.workspace) return [`${found}, its own package; import the file itself`];
  const problems: string[] = [];
  const subpath = `.${specifier.slice(name.length)}`;
  if (!(subpath in (target.manifest.exports ?? {}))) problems.push(`${found}: past the entry of ${name}`);
  if (!mayImport(file, name.slice(SCOPE.length))) {
    const allowed = FLOORS[file.workspace.dir] ?? [];
    problems.push(
      `${found}: not on a floor below ${file.workspace.dir} (it may import ${allowed.join(', ') || 'nothing'})`,
    );
  }
  if (!isDeclared(house, file, name))
    problems.push(`${found}, which ${file.workspace.dir}/package.json does not declare`);
  return problems;
}

function mayImport(file: SourceFile, room: string): boolean {
  const { dir } = file.workspace;
  const allowed = FLOORS[dir] ?? [];
  if (allowed.includes('*') || allowed.includes(room)) return true;
  if (file.role !== 'test') return false;
  return TEST_EXTRAS.includes(room) || (dir === 'contracts' && CONTRACT_TEST_EXTRAS.includes(room));
}

/** Sources use what their own package declares, tools also the root's, tests whatever any workspace pins. */
function isDeclared({ workspaces, rootManifest }: House, file: SourceFile, name: string): boolean {
  const own = file.workspace.manifest;
  if (name in (own.dependencies ?? {})) return true;
  if (file.role === 'source') return false;
  if (name in (own.devDependencies ?? {}) || name in (rootManifest.devDependencies ?? {})) return true;
  if (file.role === 'tool') return false;
  return workspaces.some(({ manifest }) => manifest.name === name || name in (manifest.dependencies ?? {}));
}

/** Two files may name each other's types; loading each other they may not. */
function fileCycles({ files }: House): string[] {
  const edges = new Map(
    files.map((file) => {
      const relative = file.loads.filter((specifier) => specifier.startsWith('.'));
      return [file.path, relative.map((specifier) => targetOf(file, specifier))] as const;
    }),
  );
  return cyclesOf(edges).map((cycle) => `files in a circle: ${cycle.join(' → ')}`);
}

function workspaceCycles({ workspaces, files }: House): string[] {
  const edges = new Map(workspaces.map(({ manifest }) => [manifest.name, new Set<string>()]));
  for (const file of files.filter(({ role }) => role === 'source')) {
    for (const specifier of file.imports) {
      if (specifier.startsWith(SCOPE)) edges.get(file.workspace.manifest.name)?.add(packageOf(specifier));
    }
  }
  const lists = new Map([...edges].map(([name, targets]) => [name, [...targets]]));
  return cyclesOf(lists).map((cycle) => `packages in a circle: ${cycle.join(' → ')}`);
}

/** Exact pins, one version of each dependency everywhere, and a line of justification for each. */
function pinsAndDocs({ root, workspaces, rootManifest }: House): string[] {
  const problems: string[] = [];
  const versions = new Map<string, string>();
  for (const { dir, manifest } of [...workspaces, { dir: '.', manifest: rootManifest }]) {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      const where = `${dir}/package.json: ${name}@${version}`;
      if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) problems.push(`${where} is not an exact pin`);
      if (name.startsWith(SCOPE)) continue;
      const other = versions.get(name);
      if (other !== undefined && other !== version) problems.push(`${where}, but ${other} elsewhere`);
      versions.set(name, version);
    }
  }
  const page = join(root, 'docs', 'dependencies.md');
  const text = existsSync(page) ? readFileSync(page, 'utf8') : '';
  const listed = new Set([...text.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!));
  for (const name of versions.keys())
    if (!listed.has(name)) problems.push(`docs/dependencies.md does not list ${name}`);
  for (const name of listed)
    if (!versions.has(name)) problems.push(`docs/dependencies.md lists ${name}, which nothing declares`);
  return problems;
}

if (import.meta.main) {
  const problems = checkDeps();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

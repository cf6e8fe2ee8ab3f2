import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root. */
export const ROOT: string = join(import.meta.dirname, '..', '..');

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Its folder, from the root: `packages/units`. */
  readonly dir: string;
  readonly manifest: Manifest;
}

export function readManifest(root: string, dir: string): Manifest {
  return JSON.parse(readFileSync(join(root, dir, 'package.json'), 'utf8')) as Manifest;
}

/** The npm workspaces of the repository at `root`, sorted by folder. */
export function workspacesOf(root: string): Workspace[] {
  const patterns = readManifest(root, '.').workspaces ?? [];
  const manifests = patterns.flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: root }));
  const dirs = manifests.map((path) => path.replaceAll('\\', '/').replace(/\/package\.json$/, ''));
  return dirs.sort().map((dir) => ({ dir, manifest: readManifest(root, dir) }));
}

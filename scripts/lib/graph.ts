import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { importsOf, loadedBy } from './imports.ts';
import type { Workspace } from './workspaces.ts';

/** One source file of a workspace and what it imports. */
export interface SourceFile {
  /** From the repository's root: `packages/units/src/hex.ts`. */
  readonly path: string;
  readonly workspace: Workspace;
  /** Tests and tool configuration are held to looser rules than what ships. */
  readonly role: 'source' | 'test' | 'tool';
  readonly imports: readonly string[];
  /** Those of them that are loaded when it runs. */
  readonly loads: readonly string[];
}

/** Every TypeScript file of the workspaces, sorted by path. */
export function sourceFilesOf(root: string, workspaces: readonly Workspace[]): SourceFile[] {
  return workspaces.flatMap((workspace) =>
    globSync('**/*.{ts,tsx,mts}', {
      cwd: join(root, workspace.dir),
      exclude: (name) => ['node_modules', 'dist', '.cache', 'tmp'].includes(posix.basename(name)),
    })
      .map((relative) => relative.replaceAll('\\', '/'))
      .sort()
      .map((relative) => {
        const path = `${workspace.dir}/${relative}`;
        const source = readFileSync(join(root, path), 'utf8');
        return { path, workspace, role: roleOf(relative), imports: importsOf(source), loads: loadedBy(source) };
      }),
  );
}

function roleOf(relative: string): SourceFile['role'] {
  if (relative.startsWith('test/') || relative.includes('.test.')) return 'test';
  return relative.startsWith('src/') ? 'source' : 'tool';
}

/** The file that a relative import names, from the repository's root. */
export function targetOf(file: SourceFile, specifier: string): string {
  return posix.join(posix.dirname(file.path), specifier.replace(/\?.*$/, ''));
}

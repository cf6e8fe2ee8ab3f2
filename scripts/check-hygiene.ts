// What must not be in a public repository: paths of the machine it was written on, hosts of the registry it was
// installed from. It holds for every tracked file.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/workspaces.ts';

/** Patterns are written in pieces so that this file does not find itself. */
const FORBIDDEN: readonly { readonly what: string; readonly pattern: RegExp }[] = [
  {
    what: 'a path of one machine',
    pattern: new RegExp(`(?<![\\w.~@:-])/(?:${['work', 'root', 'home'].join('|')})/[\\w.-]+`),
  },
  { what: 'a path of one machine', pattern: new RegExp(`\\b[A-Z]:\\\\${'Users'}\\\\`) },
  { what: 'a registry host', pattern: new RegExp(`registry\\.(?:${['npmjs', 'yarnpkg', 'npmmirror'].join('|')})\\.`) },
  { what: 'a registry setting', pattern: new RegExp(`^(?:@[\\w-]+:)?${'registry'}\\s*=`, 'm') },
];
/** Not text, or made by tools out of sources that are checked. */
const SKIPPED = /\.(?:png|jpg|ico|woff2?|wasm|gz)$|^packages\/pool\/src\/generated\//;

/** What is wrong with the tracked files of the repository at `root`, one sentence each. */
export function checkHygiene(root: string = ROOT): string[] {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
  return tracked
    .filter((path) => !SKIPPED.test(path))
    .flatMap((path) => {
      const text = textAt(join(root, path));
      return text === undefined ? [] : checkText(path, text);
    });
}

/** What is wrong with one file's text. */
export function checkText(path: string, text: string): string[] {
  const problems = FORBIDDEN.flatMap(({ what, pattern }) => {
    const match = pattern.exec(text);
    return match ? [`${path}:${lineOf(text, match.index)}: holds ${what}: ${match[0]}`] : [];
  });
  if (path.endsWith('package-lock.json')) {
    const match = /"resolved":\s*"(?:https?|git)[^"]*"/.exec(text);
    if (match)
      problems.push(`${path}:${lineOf(text, match.index)}: names where a package was fetched from: ${match[0]}`);
  }
  return problems;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** A tracked file may be deleted in the working tree; then there is nothing to check. */
function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const problems = checkHygiene();
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

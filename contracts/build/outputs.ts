import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Artifact } from './artifact.ts';
import { bindingsOf } from './bindings.ts';
import { sizesOf, sizesText } from './sizes.ts';

/** Where bindings lie, from the repository's root. */
const GENERATED = 'packages/pool/src/generated';

/** Every committed file that the build writes, by its path from the repository's root. */
export function outputsOf(artifacts: Readonly<Record<string, Artifact>>): Record<string, string> {
  const bindings = Object.entries(bindingsOf(artifacts)).map(([file, text]) => [`${GENERATED}/${file}`, text] as const);
  return {
    ...Object.fromEntries(bindings),
    'contracts/snapshots/size.snap.json': sizesText(sizesOf(artifacts)),
  };
}

/** Paths whose text on disk is not what the sources give, among them bindings of contracts that are gone. */
export function staleOutputs(outputs: Readonly<Record<string, string>>, root: string): string[] {
  const differing = Object.entries(outputs).filter(([path, text]) => textAt(join(root, path)) !== text);
  const orphans = globSync(`${GENERATED}/*.ts`, { cwd: root }).filter(
    (path) => !(path.replaceAll('\\', '/') in outputs),
  );
  return [...differing.map(([path]) => path), ...orphans].sort();
}

/** Writes what is stale and removes orphans; what is fresh keeps its modification time. */
export function writeOutputs(outputs: Readonly<Record<string, string>>, root: string): string[] {
  const stale = staleOutputs(outputs, root);
  for (const path of stale) {
    const text = outputs[path];
    if (text === undefined) rmSync(join(root, path));
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  }
  return stale;
}

function textAt(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A public vector beside the repository, or undefined, with a line that says so. */
export function sharedVector(name: string): string | undefined {
  const path = fileURLToPath(new URL(`../../../../../shared/vectors/${name}`, import.meta.url));
  if (existsSync(path)) return readFileSync(path, 'utf8');
  console.log(`skipped: ../shared/vectors/${name} is absent`);
  return undefined;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for a test file's databases, gone with it. */
export function databases(): (name?: string) => string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-protection-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  let count = 0;
  return (name) => {
    count += 1;
    return join(dir, name ?? `${count}.sqlite`);
  };
}

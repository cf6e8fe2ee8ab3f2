// Run by service.test.ts in a process of its own: what the audit finds in the service and in each of its mutants.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { audit } from './audit.ts';
import { MUTANTS } from './mutants.ts';

const SERVICE = new URL('../../src/service.ts', import.meta.url);

/** The mutant's text, its imports made absolute so that it can lie anywhere. */
function textOf(changes: (typeof MUTANTS)[string]): string {
  let text = readFileSync(SERVICE, 'utf8');
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`service.ts does not say this once: ${from}`);
    text = text.replace(from, () => to);
  }
  return text.replace(/ from '(\.[^']+|@holdfast\/[^']+)'/g, (_all, specifier: string) => {
    const url = specifier.startsWith('.') ? new URL(specifier, SERVICE).href : import.meta.resolve(specifier);
    return ` from '${url}'`;
  });
}

// A mutant that does not wait for its claim does not catch its failure either.
process.on('unhandledRejection', () => {});

const folder = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'));
try {
  const found: Record<string, readonly string[]> = {};
  for (const [place, [name, changes]] of Object.entries(MUTANTS).entries()) {
    const path = join(folder, `${place}.ts`);
    writeFileSync(path, textOf(changes));
    const { SignerService } = await import(pathToFileURL(path).href);
    found[name] = await audit(SignerService);
  }
  process.stdout.write(JSON.stringify(found));
} finally {
  rmSync(folder, { recursive: true });
}

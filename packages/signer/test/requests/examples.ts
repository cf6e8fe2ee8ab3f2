import { existsSync, readFileSync } from 'node:fs';
import { type Root, toHex } from '@holdfast/units';
import { SignerError } from '../../src/errors.ts';
import { parseSignRequest } from '../../src/requests/parse.ts';
import { signingRootOf } from '../../src/roots/signing-root.ts';

// The examples of the Web3Signer API, read out of its definition where that lies beside the repository.

const FILE = new URL('../../../../../shared/specs/remote-signing/signing/paths/sign.yaml', import.meta.url);

/** Name and body of each example; null where the definition is absent. */
export function readExamples(): ReadonlyMap<string, Record<string, unknown>> | null {
  if (!existsSync(FILE)) return null;
  const lines = readFileSync(FILE, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.trim() === 'examples:') + 1;
  const end = lines.findIndex((line, at) => at > start && line.trim() !== '' && indentOf(line) < 8);
  const rows = lines.slice(start, end).filter((line) => line.trim() !== '');
  const examples = block(rows, { at: 0 }, indentOf(rows[0]!)) as Record<string, { value: Record<string, unknown> }>;
  return new Map(Object.entries(examples).map(([name, { value }]) => [name, value]));
}

/** Per example: whether its own signing root is the one computed, or why it was not understood. */
export function outcomesOf(examples: ReadonlyMap<string, Record<string, unknown>>): Record<string, string> {
  const network = {
    genesisValidatorsRoot: `0x${'00'.repeat(32)}` as Root,
    genesisForkVersion: '0x00000001',
    capellaForkVersion: null,
  } as const;
  const outcomes = [...examples].map(([name, body]) => {
    try {
      const root = toHex(signingRootOf(parseSignRequest(body), network));
      return [name, root === body.signingRoot ? 'same root' : `root ${root}`];
    } catch (error) {
      if (error instanceof SignerError) return [name, error.message];
      throw error;
    }
  });
  return Object.fromEntries(outcomes);
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** As much YAML as the file uses: nested mappings, lists of them, quoted scalars, empty lists and plain numbers. */
function block(rows: string[], cursor: { at: number }, indent: number): unknown {
  return rows[cursor.at]!.trimStart().startsWith('- ') ? sequence(rows, cursor, indent) : mapping(rows, cursor, indent);
}

function sequence(rows: string[], cursor: { at: number }, indent: number): unknown[] {
  const items: unknown[] = [];
  while (cursor.at < rows.length && indentOf(rows[cursor.at]!) === indent && rows[cursor.at]!.trim().startsWith('- ')) {
    const rest = rows[cursor.at]!.trim().slice(2);
    if (/^["'0-9]/.test(rest)) {
      items.push(scalar(rest));
      cursor.at += 1;
    } else {
      // A mapping begins behind the dash: read it as if the dash were a space.
      rows[cursor.at] = `${' '.repeat(indent + 2)}${rest}`;
      items.push(mapping(rows, cursor, indent + 2));
    }
  }
  return items;
}

function mapping(rows: string[], cursor: { at: number }, indent: number): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  while (cursor.at < rows.length && indentOf(rows[cursor.at]!) === indent) {
    const match = /^(.*?):(?:\s+(.*))?$/.exec(rows[cursor.at]!.trim());
    if (!match) throw new Error(`not understood: ${rows[cursor.at]}`);
    cursor.at += 1;
    const [, key, value = ''] = match;
    found[key!] = value === '' ? block(rows, cursor, indentOf(rows[cursor.at]!)) : scalar(value);
  }
  return found;
}

function scalar(value: string): unknown {
  if (/^\[\s*\]$/.test(value)) return [];
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? quoted[2] : Number(value);
}

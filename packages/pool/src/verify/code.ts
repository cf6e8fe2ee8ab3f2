import { compareCode } from '../deploy/expectedCode.ts';
import { planPool } from '../deploy/planPool.ts';
import type { Pool } from '../Pool.ts';
import { readAt } from '../read/at.ts';
import { type BackingRow, textRow } from './report.ts';

/**
 * The code of every part, immutables included, against what the manifest's configuration compiles to; and the few
 * settings that contracts keep in storage.
 */
export async function codeRows(pool: Pool, blockNumber: bigint): Promise<BackingRow[]> {
  const { config, facts, deployer } = pool.manifest;
  const token = { name: config.token.name, chainId: facts.chainId };
  const rows = await Promise.all(
    planPool(config, facts, deployer).parts.map(async (part) => {
      const difference = await compareCode(pool.publicClient, part, token, blockNumber);
      return textRow({
        check: `code of ${part.name}`,
        ok: difference === null,
        expected: difference ? cut(difference.expected) : 'as compiled',
        actual: difference ? cut(difference.actual) : 'as compiled',
        note: difference ? `differs at byte ${difference.byte}` : '',
      });
    }),
  );
  if (rows.some(({ ok }) => !ok)) return rows;
  return [...rows, await settingsRow(pool, blockNumber)];
}

async function settingsRow(pool: Pool, blockNumber: bigint): Promise<BackingRow> {
  const expected = expectedSettings(pool);
  const actual = await readSettings(pool, blockNumber);
  const differing = Object.keys(expected).filter((key) => expected[key] !== actual[key]);
  // Layouts may be appended by whom the configuration names; those of the deployment never change.
  return textRow({
    check: 'names and layouts in storage',
    ok: differing.length === 0,
    expected: differing.map((key) => expected[key]).join(', ') || 'as configured',
    actual: differing.map((key) => actual[key]).join(', ') || 'as configured',
  });
}

/** What storage must show, by name. */
export function expectedSettings({ manifest: { config, facts } }: Pool): Record<string, string> {
  const layouts = facts.layouts.map((layout, i) => [`layout ${i}`, textOf(layout)] as const);
  return {
    'token.name': config.token.name,
    'token.symbol': config.token.symbol,
    'queue.name': config.queue.name,
    'queue.symbol': config.queue.symbol,
    ...Object.fromEntries(layouts),
  };
}

async function readSettings(pool: Pool, blockNumber: bigint): Promise<Record<string, string>> {
  const read = readAt(pool, blockNumber);
  const [tokenName, tokenSymbol, queueName, queueSymbol, count] = await Promise.all([
    read('token', 'name'),
    read('token', 'symbol'),
    read('queue', 'name'),
    read('queue', 'symbol'),
    read('layouts', 'count'),
  ]);
  const layouts = await Promise.all(
    Array.from({ length: Number(count) }, async (_, i) => {
      return [`layout ${i}`, textOf(await read('layouts', 'layoutByPosition', BigInt(i)))] as const;
    }),
  );
  return {
    'token.name': tokenName,
    'token.symbol': tokenSymbol,
    'queue.name': queueName,
    'queue.symbol': queueSymbol,
    ...Object.fromEntries(layouts),
  };
}

/** Fields by name, so that the order in which a decoder gives them does not matter. */
const textOf = (layout: object): string =>
  JSON.stringify(
    Object.entries(layout).sort(([a], [b]) => (a < b ? -1 : 1)),
    (_key, value) => (typeof value === 'bigint' ? Number(value) : value),
  );

const cut = (hex: string): string => (hex.length > 66 ? `${hex.slice(0, 66)}…` : hex);

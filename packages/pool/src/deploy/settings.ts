import type { Pool } from '../Pool.ts';
import { readAt } from '../read/at.ts';

/** A setting that storage does not show as the manifest has it. */
export interface DifferingSetting {
  readonly name: string;
  readonly expected: string;
  readonly actual: string;
}

/**
 * The settings that contracts keep in storage, where a comparison of code does not see them: names, and the layouts of
 * the deployment (later ones may be appended by whom the configuration names).
 */
export async function differingSettings(pool: Pool, blockNumber: bigint): Promise<DifferingSetting[]> {
  const expected = expectedSettings(pool);
  const actual = await readSettings(pool, blockNumber);
  return Object.entries(expected)
    .map(([name, value]) => ({ name, expected: value, actual: actual[name] ?? 'nothing' }))
    .filter((setting) => setting.expected !== setting.actual);
}

/** What storage must show, by name. */
function expectedSettings({ manifest: { config, facts } }: Pool): Record<string, string> {
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

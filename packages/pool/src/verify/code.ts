import { compareCode } from '../deploy/expectedCode.ts';
import { planPool } from '../deploy/planPool.ts';
import { differingSettings } from '../deploy/settings.ts';
import type { Pool } from '../Pool.ts';
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
  const differing = await differingSettings(pool, blockNumber);
  const text = (pick: 'expected' | 'actual'): string =>
    differing.map((setting) => `${setting.name}: ${setting[pick]}`).join(', ') || 'as configured';
  return textRow({
    check: 'names and layouts in storage',
    ok: differing.length === 0,
    expected: text('expected'),
    actual: text('actual'),
  });
}

const cut = (hex: string): string => (hex.length > 66 ? `${hex.slice(0, 66)}…` : hex);

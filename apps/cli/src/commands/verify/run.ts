import { type BackingReport, type BackingRow, verifyBacking } from '@holdfast/pool';
import { formatEth } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { requireManifest } from '../../manifest.ts';
import { connect } from '../../net/clients.ts';
import { requireNetwork } from '../../options/common.ts';
import { unlessStopped } from '../../stop.ts';
import { table } from '../../ui/table.ts';
import type { VerifyCommandOptions } from './command.ts';

export async function runVerify(options: VerifyCommandOptions, context: Context): Promise<ExitCode> {
  const manifest = requireManifest(options.pool);
  const { rpcUrl, beaconUrls } = requireNetwork(options);
  const { publicClient, beaconClient } = await connect(rpcUrl, beaconUrls);
  const report = await context.progress.step('Recomputing the backing from both chains', () =>
    unlessStopped(verifyBacking({ publicClient, beaconClient, manifest }), context.signal),
  );
  context.tell({ ...report, verdict: report.backed ? 'proven' : 'refuted' });
  context.say(`\n${tableOf(report)}\n${verdict(report, context)}\n`);
  return report.backed ? EXIT.ok : EXIT.refuted;
}

const MARKS = new Map<boolean | null, string>([
  [true, 'yes'],
  [false, 'NO'],
  [null, '?'],
]);

function tableOf({ rows }: BackingReport): string {
  const columns = [
    { title: 'check' },
    { title: 'ok' },
    { title: 'expected', align: 'right' as const },
    { title: 'actual', align: 'right' as const },
    { title: 'difference', align: 'right' as const },
  ];
  const notes = rows.filter(({ note }) => note !== '').map(({ check, note }) => `  ${check}: ${note}\n`);
  return `${table(columns, rows.map(cells))}\n${notes.join('')}`;
}

const cells = ({ check, ok, expected, actual, diffWei }: BackingRow): string[] => [
  check,
  MARKS.get(ok)!,
  short(expected),
  short(actual),
  diffWei === null ? '' : `${diffWei} wei`,
];

/** A root or an address as people compare them; the whole stands in `--json`. */
const short = (value: string): string => value.replace(/0x([0-9a-f]{8})[0-9a-f]{20,}([0-9a-f]{6})/gi, '0x$1…$2');

function verdict({ backed, rows, block, slot, assetsWei, owedWei }: BackingReport, { style }: Context): string {
  const at = `execution block ${block}${slot === null ? '' : `, beacon slot ${slot}`}`;
  if (backed) {
    const sums =
      assetsWei === null || owedWei === null ? '' : `: ${formatEth(assetsWei)} ETH back ${formatEth(owedWei)} ETH owed`;
    return `${style.green('PROVEN')}: the pool is fully backed${sums} (${at})`;
  }
  const failed = rows.filter(({ ok }) => ok === false).map(({ check }) => check);
  return `${style.red('REFUTED')}: ${failed.join('; ')} (${at})`;
}

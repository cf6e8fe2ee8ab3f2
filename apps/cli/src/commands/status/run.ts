import { type PoolSnapshot, readPool } from '@holdfast/pool';
import { formatEth, WEI_PER_GWEI } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { requireManifest } from '../../manifest.ts';
import { connectExecution } from '../../net/clients.ts';
import { pairs, table } from '../../ui/table.ts';
import type { StatusCommandOptions } from './command.ts';

export async function runStatus(
  options: StatusCommandOptions & { readonly rpcUrl: string },
  context: Context,
): Promise<ExitCode> {
  const manifest = requireManifest(options.pool);
  const { publicClient } = await connectExecution(options.rpcUrl);
  const snapshot = await readPool({ manifest, publicClient });
  context.tell(snapshot);
  context.say(`${summary(snapshot)}\n${operators(snapshot)}\n${validators(snapshot)}`);
  return EXIT.ok;
}

const eth = (wei: bigint): string => `${formatEth(wei, 9)} ETH`;

function summary({ block, rate, totalShares, totalAssets, vault, queue, checkpoint }: PoolSnapshot): string {
  return pairs(
    [
      ['block', `${block.number}, ${new Date(Number(block.timestamp) * 1000).toISOString()}`],
      ['assets', eth(totalAssets)],
      ['shares', formatEth(totalShares, 9)],
      ['rate', `${formatEth(rate.current, 12)} ETH a share, going to ${formatEth(rate.target, 12)}`],
      [
        'vault',
        `${eth(vault.balance)} (free ${eth(vault.freeCash)}, reserve ${eth(vault.reserve)}, fees ${eth(vault.feesOwed)})`,
      ],
      ['withdrawals', `${queue.lastId - queue.finalizedId} waiting, ${eth(queue.balance)} ready to claim`],
      [
        'checkpoint',
        `slot ${checkpoint.slot}${checkpoint.open ? `, in progress, ${checkpoint.remaining} to prove` : ''}`,
      ],
    ],
    '',
  );
}

function operators(snapshot: PoolSnapshot): string {
  const columns = ['operator', 'id', 'bond', 'required', 'validators', 'state'].map((title, i) =>
    i >= 1 && i <= 4 ? { title, align: 'right' as const } : { title },
  );
  return table(
    columns,
    snapshot.operators.map(({ name, id, bond, bondRequired, held, frozen, barred }) => [
      name,
      `${id}`,
      eth(bond),
      eth(bondRequired),
      `${held}`,
      frozen ? 'frozen' : barred ? 'barred' : 'ok',
    ]),
  );
}

function validators(snapshot: PoolSnapshot): string {
  const columns = [
    { title: 'validator' },
    { title: 'operator', align: 'right' as const },
    { title: 'index', align: 'right' as const },
    { title: 'balance', align: 'right' as const },
    { title: 'state' },
  ];
  return table(
    columns,
    snapshot.validators.map(({ pubkey, operatorId, index, balanceGwei, inFlightGwei, status }) => [
      `${pubkey.slice(0, 14)}…`,
      `${operatorId}`,
      `${index}`,
      eth((balanceGwei + inFlightGwei) * WEI_PER_GWEI),
      inFlightGwei > 0n ? `${status}, deposit on its way` : status,
    ]),
  );
}

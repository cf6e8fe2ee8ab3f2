import { Option } from 'commander';
import {
  addCommon,
  addKey,
  addNetwork,
  type CommonOptions,
  type KeyOptions,
  type NetworkOptions,
  requireNetwork,
} from '../../options/common.ts';
import { gweiPerGas, integer, port } from '../../options/parsers.ts';
import { setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';

export interface KeeperCommandOptions extends CommonOptions, NetworkOptions, KeyOptions {
  readonly manifest?: string | undefined;
  readonly once?: boolean | undefined;
  readonly metricsPort?: number | undefined;
  readonly checkpointEvery?: number | undefined;
  /** Wei per gas. */
  readonly baseFeeMax?: bigint | undefined;
  /** Wei per gas. */
  readonly maxFeeMax?: bigint | undefined;
}

export function addKeeper({ program, does }: Host): void {
  const command = program
    .command('keeper')
    .summary('prove, checkpoint, finalise and exit for a pool, and earn bounties')
    .description(
      'Keeps a pool alive: proves credentials, funds validators, makes checkpoints, pays withdrawals, proves slashings, ' +
        'asks for exits. Anybody may run one, several may run at once, and one may be killed at any time: it keeps no files.',
    )
    .addOption(new Option('--manifest <file>', "the pool's manifest").env('HOLDFAST_POOL'))
    .option('--once', 'one round, then end')
    .addOption(
      new Option('--metrics-port <n>', 'serve /metrics (Prometheus) and /healthz on loopback')
        .env('HOLDFAST_METRICS_PORT')
        .argParser(port),
    )
    .option(
      '--checkpoint-every <seconds>',
      'how often to make a checkpoint unasked (default: a day)',
      integer(1, 31_536_000),
    )
    .option('--base-fee-max <gwei>', 'what is not urgent waits while the base fee is above this', gweiPerGas)
    .option('--max-fee-max <gwei>', 'never pay more than this per gas (default: 1000)', gweiPerGas)
    .addHelpText('after', HELP);
  addCommon(addKey(addNetwork(command)));
  does<KeeperCommandOptions>(command, async (options, context) => {
    await setPresetOf(requireNetwork(options).beaconUrls);
    const { runKeeper } = await import('./run.ts');
    return runKeeper(options, context);
  });
}

const HELP = `
Give it an account of its own, that nothing else sends from. Beacon nodes are not trusted: what one says is proven
before it is used, and when one lies or fails the next is asked.

Examples:
  holdfast keeper --rpc-url URL --beacon-url URL --manifest pool.json --private-key-file key.txt
  holdfast keeper --rpc-url URL --beacon-url URL1 --beacon-url URL2 --manifest pool.json \\
                  --keystore key.json --password-file password --metrics-port 9464 --json
  holdfast keeper … --once                     one round, for cron
`;

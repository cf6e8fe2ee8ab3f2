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
import { setPreset, setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';

export interface DeployCommandOptions extends Omit<CommonOptions, 'config'>, NetworkOptions, KeyOptions {
  /** The pool's configuration. */
  readonly config?: string | undefined;
  readonly manifest: string;
  readonly resume?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly printConfig?: 'devnet' | 'mainnet' | undefined;
}

export function addDeploy({ program, does }: Host): void {
  const command = program
    .command('deploy')
    .summary('deploy a pool to any network, by a configuration')
    .description(
      'Deploys a pool. Its addresses are printed before anything is sent. What the configuration says is fixed for ever: ' +
        'nobody can change it later. An interrupted deployment goes on with --resume.',
    )
    .option('--config <file>', "the pool's configuration, as JSON; --print-config gives one to begin with")
    .option('--manifest <file>', 'where to write what the pool is and where', 'pool.json')
    .option('--resume', 'go on with an interrupted deployment')
    .option('--dry-run', 'print the addresses and what would be created, send nothing')
    .addOption(
      new Option('--print-config <preset>', 'print a configuration to edit, and end').choices(['devnet', 'mainnet']),
    )
    .addHelpText('after', HELP);
  addKey(addNetwork(command));
  addCommon(command);
  does<DeployCommandOptions>(command, async (options, context) => {
    if (options.printConfig !== undefined && options.beaconUrl === undefined) {
      setPreset(options.printConfig === 'mainnet' ? 'mainnet' : 'minimal');
    } else {
      await setPresetOf(requireNetwork(options).beaconUrls);
    }
    const { runDeploy, printConfig } = await import('./run.ts');
    return options.printConfig === undefined
      ? runDeploy(options, context)
      : printConfig(options.printConfig, options, context);
  });
}

const HELP = `
Examples:
  holdfast deploy --print-config mainnet > pool-config.json     then read and edit it: it is for ever
  holdfast deploy --rpc-url URL --beacon-url URL --config pool-config.json \\
                  --keystore key.json --password-file password --dry-run
  holdfast deploy --rpc-url URL --beacon-url URL --config pool-config.json \\
                  --private-key-file key.txt --manifest pool.json
  holdfast deploy … --resume                                    after it was interrupted, with the same configuration

With the network's URLs --print-config takes the network's own numbers. On a devnet --config may be left out: the
devnet configuration of that network is used. Other commands' --config (settings) is HOLDFAST_CONFIG here.
`;

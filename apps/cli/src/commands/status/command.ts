import { CliUsageError } from '../../errors.ts';
import { addCommon, addNetwork, type CommonOptions, type NetworkOptions } from '../../options/common.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { poolOption } from '../verify/command.ts';

export interface StatusCommandOptions extends CommonOptions, Pick<NetworkOptions, 'rpcUrl'> {
  readonly pool?: string | undefined;
}

export function addStatus({ program, does }: Host): void {
  const command = program
    .command('status')
    .summary('what a pool holds and owes, its operators and validators')
    .description(
      'Shows a pool as its contracts say it is, at one block. To check what they say, use `holdfast verify`.',
    )
    .addOption(poolOption())
    .addHelpText('after', '\nExample:\n  holdfast status --rpc-url http://127.0.0.1:8545 --pool pool.json\n');
  addCommon(addNetwork(command));
  does<StatusCommandOptions>(command, async (options, context) => {
    const { rpcUrl } = options;
    if (rpcUrl === undefined)
      throw new CliUsageError('no --rpc-url was given', { fix: 'Give it, or set HOLDFAST_RPC_URL' });
    // Nothing of the beacon chain is read, so any preset will do.
    setPreset('mainnet');
    const { runStatus } = await import('./run.ts');
    return runStatus({ ...options, rpcUrl }, context);
  });
}

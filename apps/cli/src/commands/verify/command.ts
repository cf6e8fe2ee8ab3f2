import { Option } from 'commander';
import {
  addCommon,
  addNetwork,
  type CommonOptions,
  type NetworkOptions,
  requireNetwork,
} from '../../options/common.ts';
import { setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';

export interface VerifyCommandOptions extends CommonOptions, NetworkOptions {
  readonly pool?: string | undefined;
}

export const poolOption = (): Option =>
  new Option('--pool <file>', "the pool's manifest, as `holdfast deploy` writes it").env('HOLDFAST_POOL');

export function addVerify({ program, does }: Host): void {
  const command = program
    .command('verify')
    .summary('prove or refute that a pool is fully backed')
    .description(
      'Recomputes from the two APIs alone, without asking the pool for any sum, whether the pool is fully backed: its ' +
        "code, its Vault's every flow, its validators' balances in a state whose root the execution chain knows.",
    )
    .addOption(poolOption())
    .addHelpText('after', HELP);
  addCommon(addNetwork(command));
  does<VerifyCommandOptions>(command, async (options, context) => {
    await setPresetOf(requireNetwork(options).beaconUrls);
    const { runVerify } = await import('./run.ts');
    return runVerify(options, context);
  });
}

const HELP = `
The execution node is trusted for what the execution chain is; a beacon node is not: its states must hash to the roots
that the execution chain holds (EIP-4788). Ends with 0 when the backing is proven, with 1 when it is refuted (a wei is
missing, a validator is not the pool's, code differs, the beacon node lies), with 3 when a node cannot be reached.

Examples:
  holdfast verify --rpc-url http://127.0.0.1:8545 --beacon-url http://127.0.0.1:5052 --pool pool.json
  holdfast verify … --json | jq .backed
`;

import type { Command } from 'commander';
import { CliUsageError } from '../../errors.ts';
import {
  addCommon,
  addKey,
  addNetwork,
  type CommonOptions,
  type KeyOptions,
  type NetworkOptions,
  requireNetwork,
} from '../../options/common.ts';
import { integer } from '../../options/parsers.ts';
import { setPreset, setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { poolOption } from '../verify/command.ts';

/** What each of them takes. */
export interface OperatorOptions extends CommonOptions, KeyOptions {
  readonly pool?: string | undefined;
  readonly rpcUrl: string;
}

export interface RegisterOptions extends OperatorOptions {
  readonly name: string;
}

export interface BondOptions extends OperatorOptions {
  readonly operatorId?: number | undefined;
  readonly validators: number;
}

export interface PredepositOptions extends OperatorOptions, NetworkOptions {
  readonly arguments: readonly [depositData: string];
  readonly rpcUrl: string;
  readonly beaconUrl: readonly string[];
  readonly operatorId?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export function addOperator(host: Host): void {
  const group = host.program
    .command('operator')
    .summary('run validators for a pool: register, bond, offer keys')
    .description("An operator's acts on a pool: it registers, bonds, and offers keys with 1 ETH of its own on each.")
    .addHelpText('after', GROUP_HELP);
  addRegister(host, group);
  addBond(host, group);
  addPredeposit(host, group);
}

function addRegister({ does }: Host, group: Command): void {
  const command = group
    .command('register')
    .description('Registers an operator; the account that sends it is its manager.')
    .requiredOption('--name <text>', 'a name for people')
    .addOption(poolOption())
    .addHelpText('after', REGISTER_HELP);
  addCommon(addKey(addNetwork(command)));
  does<Sent<RegisterOptions>>(command, async (options, context) => {
    const { runRegister } = await import('./register.ts');
    return runRegister(executionOnly(options), context);
  });
}

function addBond({ does }: Host, group: Command): void {
  const command = group
    .command('bond')
    .description("Posts what an operator's bond lacks to carry so many validators. Anybody may.")
    .requiredOption('--validators <n>', 'how many the bond must carry, those that it has included', integer(1, 100_000))
    .addOption(poolOption())
    .addHelpText('after', BOND_HELP);
  addCommon(addKey(addNetwork(operatorIdOption(command))));
  does<Sent<BondOptions>>(command, async (options, context) => {
    const { runBond } = await import('./bond.ts');
    return runBond(executionOnly(options), context);
  });
}

function addPredeposit({ does }: Host, group: Command): void {
  const command = group
    .command('predeposit')
    .description(
      "Offers the keys of a deposit file to a pool, 1 ETH of the manager's on each. Every entry is checked before the " +
        'first is sent; one that the pool has already is left out, so it may be run again.',
    )
    .argument('<deposit-data>', 'deposits of 1 ETH, as `holdfast dkg` and the deposit tools write them')
    .option('--dry-run', 'check everything, send nothing')
    .addOption(poolOption())
    .addHelpText('after', PREDEPOSIT_HELP);
  addCommon(addKey(addNetwork(operatorIdOption(command))));
  does<Sent<PredepositOptions>>(command, async (options, context) => {
    const { rpcUrl, beaconUrls: beaconUrl } = requireNetwork(options);
    await setPresetOf(beaconUrl);
    const { runPredeposit } = await import('./predeposit.ts');
    return runPredeposit({ ...options, rpcUrl, beaconUrl }, context);
  });
}

const operatorIdOption = (command: Command): Command =>
  command.option(
    '--operator-id <n>',
    'which operator (default: the one that the account manages)',
    integer(1, 4_294_967_295),
  );

/** As the command line gives them: the nodes may be missing still. */
type Sent<Options> = Omit<Options, 'rpcUrl' | 'beaconUrl'> & NetworkOptions;

function executionOnly<Options extends NetworkOptions>(options: Options): Options & { readonly rpcUrl: string } {
  const { rpcUrl } = options;
  if (rpcUrl === undefined)
    throw new CliUsageError('no --rpc-url was given', { fix: 'Give it, or set HOLDFAST_RPC_URL' });
  // Nothing of the beacon chain is read, so any preset will do.
  setPreset('mainnet');
  return { ...options, rpcUrl };
}

const GROUP_HELP = `
In order: register, bond, predeposit, then run the validators (holdfast node, or a validator client of your own).
docs/guide/operate-validators.md goes through it.

Where to, and the manager's key, come from flags, the environment or a settings file, as everywhere.

Examples:
  holdfast operator register --name Anchor
  holdfast operator bond --validators 2
  holdfast operator predeposit holdfast-node/deposit_data-1-eth.json
`;

const REGISTER_HELP = `
Example:
  holdfast operator register --name Anchor --pool pool.json --rpc-url URL --private-key-file manager.key
`;

const BOND_HELP = `
Examples:
  holdfast operator bond --validators 2 --pool pool.json --rpc-url URL --private-key-file manager.key
  holdfast operator bond --validators 12 --operator-id 3 …       ten more, for an operator that somebody else manages
`;

const PREDEPOSIT_HELP = `
Refused, by name, before anything is sent: an entry that withdraws to somebody else, is of another amount or chain, is not
signed by its key, or whose key a deposit was made for already; an operator that may not stake, or whose bond is short.

Examples:
  holdfast operator predeposit deposit_data-1-eth.json --dry-run …
  holdfast operator predeposit deposit_data-1-eth.json --pool pool.json --rpc-url URL --beacon-url URL \\
                               --private-key-file manager.key
`;

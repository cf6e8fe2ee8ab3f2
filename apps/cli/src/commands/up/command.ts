import { Option } from 'commander';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer, port } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { adapterOption, portOption } from '../devnet/command.ts';

export interface UpCommandOptions extends CommonOptions {
  readonly port?: number | undefined;
  readonly rpcPort?: number | undefined;
  readonly beaconPort?: number | undefined;
  readonly slotSeconds: number;
  readonly validators: number;
  readonly operators: number;
  readonly keys: number;
  readonly adapter: 'edr' | 'engine';
  /** The operators' keys live in signer processes. */
  readonly signer?: boolean | undefined;
  /** The validators of so many operators are run by clusters of nodes. */
  readonly clusters?: boolean | undefined;
  readonly clusterOperators: number;
  /** False with `--no-keeper`. */
  readonly keeper: boolean;
  /** False with `--no-dashboard`. */
  readonly dashboard: boolean;
  readonly dataDir?: string | undefined;
}

/** Slots in which several nodes agree on one machine, unless told. */
const CLUSTER_SLOT_SECONDS = 4;

export function addUp({ program, does }: Host): void {
  const command = program
    .command('up')
    .summary('everything at once: an Ethereum, a pool living on it, its dashboard')
    .description(
      'Starts an Ethereum in a box, deploys a pool on it, has operators bond and offer keys and stakers deposit, lets a ' +
        'few epochs pass at once, and then runs live, with a keeper and the dashboard, on loopback.',
    )
    .addOption(
      new Option('--port <n>', 'port of the dashboard (default: 4600, or a free one if that is taken; 0: a free one)')
        .env('HOLDFAST_PORT')
        .argParser(port),
    )
    .addOption(portOption('rpc', 'JSON-RPC', 8545))
    .addOption(portOption('beacon', 'the Beacon API', 5052))
    .option('--slot-seconds <n>', 'seconds a slot takes', integer(1, 60), 2)
    .option('--validators <n>', "validators at genesis, which are not the pool's", integer(32, 1024), 64)
    .option('--operators <n>', 'operators of the pool', integer(1, 8), 4)
    .option('--keys <n>', 'validators that each operator runs', integer(1, 8), 3)
    .addOption(adapterOption())
    .option('--signer', "the operators' keys live in `holdfast signer` processes, one each, which the devnet asks")
    .addOption(
      new Option('--clusters', "operators' validators are run by clusters of four node processes each")
        .conflicts('signer')
        .implies({ slotSeconds: CLUSTER_SLOT_SECONDS }),
    )
    .option('--cluster-operators <n>', 'of so many operators (with --clusters)', integer(1, 8), 2)
    .option('--no-keeper', 'no keeper once it is live: nobody proves, unless you do')
    .option('--no-dashboard', 'no dashboard')
    .option(
      '--data-dir <dir>',
      'where pool.json, the logs and what the signers keep go (default: a temporary one, removed at the end)',
    )
    .addHelpText('after', HELP);
  addCommon(command);
  does<UpCommandOptions>(command, async (options, context) => {
    setPreset('minimal');
    const { runUp } = await import('./run.ts');
    return runUp(options, context);
  });
}

const HELP = `
Examples:
  holdfast up                                  then open the dashboard at the URL it prints
  holdfast up --slot-seconds 1 --operators 6   livelier
  holdfast up --signer                         every duty of the pool checked, put on disk and only then signed
  holdfast up --clusters                       no machine holds a key: kill a node, cut one off, corrupt one, and watch
  holdfast up --no-keeper                      and run your own: holdfast keeper …
  holdfast up --data-dir ./devnet --json       one line of JSON with all URLs when it is ready
Break something: holdfast fault --help. Check it from outside: holdfast verify --help.
`;

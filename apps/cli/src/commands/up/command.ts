import { Option } from 'commander';
import { CliUsageError } from '../../errors.ts';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer, port } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { adapterOption, portOption } from '../devnet/command.ts';

export interface UpCommandOptions extends CommonOptions {
  readonly port?: number | undefined;
  readonly rpcPort?: number | undefined;
  readonly beaconPort?: number | undefined;
  readonly validators: number;
  readonly operators: number;
  readonly keys: number;
  readonly adapter: 'edr' | 'engine';
  /** The operators' keys live in signer processes. */
  readonly signer?: boolean | undefined;
  readonly slotSeconds: number;
  /** The validators of so many operators are run by clusters of nodes; of the others the devnet, or signers, hold the keys. */
  readonly clusterOperators: number;
  /** False with `--no-keeper`. */
  readonly keeper: boolean;
  /** False with `--no-dashboard`. */
  readonly dashboard: boolean;
  readonly dataDir?: string | undefined;
}

/** As they come from the command line. */
interface Given extends Omit<UpCommandOptions, 'slotSeconds' | 'clusterOperators'> {
  readonly slotSeconds?: number | undefined;
  /** False with `--no-clusters`. */
  readonly clusters: boolean;
  readonly clusterOperators?: number | undefined;
}

/** Seconds a slot takes, unless told: sixteen nodes on two cores need them, a devnet with the keys at hand does not. */
const CLUSTER_SLOT_SECONDS = 4;
const PLAIN_SLOT_SECONDS = 2;

export function addUp({ program, does }: Host): void {
  const command = program
    .command('up')
    .summary('everything at once: an Ethereum, a pool living on it, its dashboard')
    .description(
      'Starts an Ethereum in a box, deploys a pool on it, has operators bond and offer keys and stakers deposit, lets a ' +
        'few epochs pass at once, and then runs live, with a keeper and the dashboard, on loopback. Clusters of four node ' +
        "processes an operator, none of which holds a key, take the operators' validators over.",
    )
    .addOption(
      new Option('--port <n>', 'port of the dashboard (default: 4600, or a free one if that is taken; 0: a free one)')
        .env('HOLDFAST_PORT')
        .argParser(port),
    )
    .addOption(portOption('rpc', 'JSON-RPC', 8545))
    .addOption(portOption('beacon', 'the Beacon API', 5052))
    .option(
      '--slot-seconds <n>',
      `seconds a slot takes (default: ${CLUSTER_SLOT_SECONDS}; without clusters ${PLAIN_SLOT_SECONDS})`,
      integer(1, 60),
    )
    .option('--validators <n>', "validators at genesis, which are not the pool's", integer(32, 1024), 64)
    .option('--operators <n>', 'operators of the pool', integer(1, 8), 4)
    .option('--keys <n>', 'validators that each operator runs', integer(1, 8), 3)
    .addOption(adapterOption())
    .option('--no-clusters', "no node processes: the devnet holds the operators' keys and does their duties")
    .option('--cluster-operators <n>', 'clusters for so many operators only (default: all)', integer(1, 8))
    .option(
      '--signer',
      "no node processes: the operators' keys live in `holdfast signer` processes, one each, which the devnet asks",
    )
    .option('--no-keeper', 'no keeper once it is live: nobody proves, unless you do')
    .option('--no-dashboard', 'no dashboard')
    .option(
      '--data-dir <dir>',
      'where pool.json, the logs and what the signers keep go (default: a temporary one, removed at the end)',
    )
    .addHelpText('after', HELP);
  addCommon(command);
  does<Given>(command, async (given, context) => {
    const options = settled(given);
    setPreset('minimal');
    const { runUp } = await import('./run.ts');
    return runUp(options, context);
  });
}

/** What one option means for another. @throws CliUsageError */
function settled(given: Given): UpCommandOptions {
  const clusters = given.clusters && given.signer !== true;
  if (!clusters && given.clusterOperators !== undefined) {
    throw new CliUsageError(
      `--cluster-operators needs clusters, and ${given.signer ? '--signer' : '--no-clusters'} has none`,
    );
  }
  const { operators, clusterOperators = operators } = given;
  return {
    ...given,
    slotSeconds: given.slotSeconds ?? (clusters ? CLUSTER_SLOT_SECONDS : PLAIN_SLOT_SECONDS),
    clusterOperators: clusters ? Math.min(clusterOperators, operators) : 0,
  };
}

const HELP = `
Examples:
  holdfast up                                  then open the dashboard at the URL it prints
  holdfast up --cluster-operators 2            half of the node processes, on a small machine
  holdfast up --no-clusters --slot-seconds 1   one process, and livelier
  holdfast up --signer                         every duty of the pool checked, put on disk and only then signed
  holdfast up --no-keeper                      and run your own: holdfast keeper …
  holdfast up --data-dir ./devnet --json       one line of JSON with all URLs when it is ready
Break something: holdfast fault --help. Check it from outside: holdfast verify --help.
`;

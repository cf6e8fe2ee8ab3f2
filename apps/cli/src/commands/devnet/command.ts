import { Option } from 'commander';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer, port, url } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';

export interface DevnetCommandOptions extends CommonOptions {
  readonly rpcPort?: number | undefined;
  readonly beaconPort?: number | undefined;
  readonly slotSeconds: number;
  readonly validators: number;
  readonly fork: 'electra' | 'fulu' | 'gloas';
  readonly adapter: 'edr' | 'engine';
  readonly engineUrl?: string | undefined;
  readonly rpcUrl?: string | undefined;
  readonly jwtSecret?: string | undefined;
  readonly manual?: boolean | undefined;
  readonly printGenesis?: boolean | undefined;
}

export function addDevnet({ program, does }: Host): void {
  const command = program
    .command('devnet')
    .summary('an Ethereum in a box: real beacon chain, real EVM, standard APIs')
    .description(
      'Runs an Ethereum in this process: the real state transition with real signatures over a real EVM, a slot at a ' +
        'time. It serves the standard JSON-RPC and Beacon APIs on loopback.',
    )
    .addOption(portOption('rpc', 'JSON-RPC', 8545))
    .addOption(portOption('beacon', 'the Beacon API', 5052))
    .option('--slot-seconds <n>', 'seconds a slot takes', integer(1, 3600), 2)
    .option('--validators <n>', 'validators that are active at genesis', integer(16, 4096), 64)
    .addOption(
      new Option('--fork <name>', 'the rules at genesis').choices(['electra', 'fulu', 'gloas']).default('fulu'),
    )
    .addOption(adapterOption())
    .addOption(new Option('--engine-url <url>', "your own client's Engine API (with --adapter engine)").argParser(url))
    .addOption(new Option('--rpc-url <url>', "your own client's JSON-RPC").argParser(url))
    .option('--jwt-secret <file>', "your own client's jwt.hex")
    .option('--manual', 'no timer: slots pass when POST /holdfast/v1/step says so')
    .option('--print-genesis', 'print the genesis.json for your own client, and end')
    .addHelpText('after', HELP);
  addCommon(command);
  does<DevnetCommandOptions>(command, async (options, context) => {
    setPreset('minimal');
    const { runDevnet } = await import('./run.ts');
    return runDevnet(options, context);
  });
}

export const portOption = (name: string, what: string, usual: number): Option =>
  new Option(`--${name}-port <n>`, `port of ${what} (default: ${usual}, or a free one if that is taken; 0: a free one)`)
    .env(`HOLDFAST_${name.toUpperCase()}_PORT`)
    .argParser(port);

export const adapterOption = (): Option =>
  new Option('--adapter <name>', 'edr: an EVM in this process; engine: an execution client by the Engine API')
    .choices(['edr', 'engine'])
    .default('edr');

const HELP = `
Examples:
  holdfast devnet                                  a slot every 2 s, 64 validators
  holdfast devnet --slot-seconds 12 --fork gloas   mainnet's pace, the next fork's rules
  holdfast devnet --manual                         stepped:
    curl -X POST localhost:5052/holdfast/v1/step -H 'content-type: application/json' -d '{"slots":32}'
  holdfast devnet --adapter engine                 on an embedded execution client (slower)
  holdfast devnet --print-genesis > genesis.json   then, on your own geth or reth started with it:
  holdfast devnet --adapter engine --engine-url http://127.0.0.1:8551 --rpc-url http://127.0.0.1:8545 \\
                  --jwt-secret jwt.hex --rpc-port 0
`;

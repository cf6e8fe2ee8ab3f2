import type { Hex, Pubkey } from '@holdfast/units';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliUsageError } from '../../errors.ts';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { address, integer, port, url } from '../../options/parsers.ts';
import { setPresetOf } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { multiaddr, nodeDirOption, repeated } from '../cluster/command.ts';
import { addSeal, beaconOption } from '../signer/options.ts';
import { type PeerOverride, peerOverride } from './addresses.ts';
import type { HistoryOptions } from './history.ts';
import type { ShareOptions } from './shares.ts';

export interface NodeOptions extends CommonOptions, ShareOptions, HistoryOptions {
  readonly keystores?: string | undefined;
  readonly feeRecipient?: Hex | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly peer?: readonly PeerOverride[] | undefined;
  readonly signerUrl?: string | undefined;
  readonly signerTokenFile?: string | undefined;
  readonly doppelgangerEpochs: number;
  readonly metricsHost: string;
  readonly metricsPort?: number | undefined;
  readonly graffiti?: Uint8Array | undefined;
  readonly gasLimit?: number | undefined;
}

export interface ExitOptions extends CommonOptions {
  readonly dataDir?: string | undefined;
  readonly beaconUrl?: readonly string[] | undefined;
  readonly validator?: Pubkey | undefined;
  readonly epoch?: number | undefined;
  readonly withdraw?: boolean | undefined;
}

export function addNode(host: Host): void {
  const { program, does } = host;
  const command = program
    .command('node')
    .summary('a node of a cluster: performs the duties of its validators with the others')
    .description(
      'Runs one node of a distributed validator cluster from its directory. With one node in the lock, or with ' +
        '--keystores, it is a validator client of its own.',
    )
    .enablePositionalOptions()
    .addOption(nodeDirOption())
    .addOption(beaconOption('a beacon node; repeat it, or use commas, for several'));
  addNetworking(command);
  addHistory(command);
  addSigning(command);
  addSeal(command);
  command
    .addOption(
      new Option('--metrics-host <address>', 'where /metrics, /status and /healthz listen')
        .env('HOLDFAST_METRICS_HOST')
        .default('127.0.0.1'),
    )
    .addOption(
      new Option('--metrics-port <n>', 'serve /metrics (Prometheus), /status and /healthz there')
        .env('HOLDFAST_METRICS_PORT')
        .argParser(port),
    )
    .option('--graffiti <text>', 'what blocks carry, at most 32 bytes', graffiti)
    .option('--gas-limit <n>', 'what builders are asked for (default: 60000000)', integer(1_000_000, 10_000_000_000))
    .addHelpText('after', HELP);
  addCommon(command);
  does<NodeOptions>(command, async (options, context) => {
    const urls = options.beaconUrl ?? [];
    if (urls.length === 0) {
      throw new CliUsageError('no --beacon-url was given', {
        fix: 'Give it, or set HOLDFAST_BEACON_URL; several make it sturdier',
      });
    }
    await setPresetOf(urls);
    const { runNode } = await import('./run.ts');
    return runNode({ ...options, beaconUrl: urls }, context);
  });
  addExit(host, command);
}

function addExit({ does }: Host, node: Command): void {
  const command = node
    .command('exit')
    .summary('ask for the voluntary exit of a validator, or take that back')
    .description(
      "Asks, in the name of this node's operator, that a validator leaves. When t operators of the cluster do, their " +
        'nodes sign and publish its exit, which nobody can undo. Without --validator it lists what was asked.',
    )
    .addOption(nodeDirOption())
    .addOption(beaconOption('a beacon node that tells how the validator stands'))
    .option('--validator <pubkey>', 'the validator, by its public key', pubkey)
    .option('--epoch <n>', 'the epoch that the exit names (default: that of its activation)', integer(0, 2 ** 48))
    .option('--withdraw', 'take the request back')
    .addHelpText('after', EXIT_REQUEST_HELP);
  addCommon(command);
  does<ExitOptions>(command, async (options, context) => {
    // `node --data-dir DIR exit` means what it says.
    const { dataDir } = node.opts<NodeOptions>();
    const given = dataDir === undefined ? options : { dataDir, ...options };
    if (given.beaconUrl !== undefined) await setPresetOf(given.beaconUrl);
    const { runExit } = await import('./exit.ts');
    return runExit(given, context);
  });
}

function pubkey(text: string): Pubkey {
  if (/^0x[0-9a-fA-F]{96}$/.test(text)) return text.toLowerCase() as Pubkey;
  throw new InvalidArgumentError('It must be a public key: 0x and 48 bytes in hex.');
}

function addNetworking(command: Command): void {
  command
    .option('--listen <multiaddr>', 'where to listen (default: the port that the lock names)', repeated(multiaddr))
    .option(
      '--peer <n=multiaddr>',
      'where node n is, if not where the lock says; may be repeated',
      repeated(peerOverride),
    );
}

function addHistory(command: Command): void {
  command
    .option('--new', 'these shares, or keys, never signed anything, anywhere')
    .option('--import <file>', 'what they signed before (EIP-3076)')
    .option(
      '--recover-by-waiting',
      'what they signed is lost: sign nothing of the epochs in which they may have signed, then go on',
    )
    .option(
      '--doppelganger-epochs <n>',
      'epochs to watch for a second owner before the first signature',
      integer(0, 100),
      0,
    );
}

function addSigning(command: Command): void {
  command
    .option('--password-file <file>', "the keystores' password (default: the file `password` in the directory)")
    .option('--signer-url <url>', 'a remote signer that holds the shares (Web3Signer API): it keeps their history', url)
    .option('--signer-token-file <file>', 'its bearer token')
    .option('--keystores <dir>', 'no cluster: whole keys, as a validator client of its own')
    .option('--fee-recipient <address>', 'who gets the fees (with --keystores)', address);
}

function graffiti(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > 32) throw new InvalidArgumentError('It must be at most 32 bytes.');
  const padded = new Uint8Array(32);
  padded.set(bytes);
  return padded;
}

const EXIT_REQUEST_HELP = `
The request is a file in the directory of the node, which may run meanwhile and sees it within a slot: who may write there
is the operator. The exit is valid once the validator was active long enough (SHARD_COMMITTEE_PERIOD, 256 epochs on
mainnet); until then the request waits. All operators must name the same epoch, so leave it out: the default is the same
everywhere. How far it came: "exits" in the node's /status, \`exit.…\` in its log.

--withdraw ends this node's part. What it has signed already the others may have kept.

Examples:
  holdfast node exit --validator 0xb0…07                         with ./holdfast-node
  holdfast node exit --data-dir /var/lib/holdfast --validator 0xb0…07 --beacon-url http://127.0.0.1:5052
  holdfast node exit --validator 0xb0…07 --withdraw
  holdfast node exit --json                                      what was asked
`;

const HELP = `
One process owns the directory. A share is bound to what it has signed: when protection.sqlite is gone, the node refuses to
start until --import, or --recover-by-waiting, which costs about three epochs of duties.

Signals: SIGTERM ends it gracefully; SIGUSR2 stops all signing until the file KILLED is removed from the directory
(\`touch\` makes it, too). Never run one directory, or a copy of it, twice: the second node is found out and refused.

Examples:
  holdfast node --beacon-url http://127.0.0.1:5052                                from ./holdfast-node
  holdfast node --data-dir /var/lib/holdfast --beacon-url URL1 --beacon-url URL2 --metrics-port 9466 --json
  holdfast node --beacon-url URL --signer-url http://127.0.0.1:9000               the share lies with a remote signer
  holdfast node --beacon-url URL --data-dir solo --keystores validator_keys --password-file password \\
                --fee-recipient 0x… --new                                         a plain validator client
  holdfast node exit --validator 0xb0…07                                          ask for its voluntary exit
`;

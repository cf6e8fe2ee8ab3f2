import { type Command, Option } from 'commander';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { address, integer, port } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { openHome } from './home.ts';
import { addInit, addProtectionStore, addSeal, beaconOption, dataDirOption, type SecretOptions } from './options.ts';
import type { PolicyOptions } from './policy.ts';

export interface SignerCommandOptions extends CommonOptions, SecretOptions, PolicyOptions {
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsClientCa?: string | undefined;
  readonly clients?: string | undefined;
  readonly doppelgangerEpochs: number;
  readonly metricsHost: string;
  readonly metricsPort?: number | undefined;
  readonly threads?: number | undefined;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

export interface SwitchCommandOptions extends CommonOptions {
  readonly dataDir?: string | undefined;
  readonly why?: string | undefined;
}

export function addSigner(host: Host): void {
  const command = host.program
    .command('signer')
    .summary('a remote signer that cannot double-sign')
    .description(
      'Serves the Web3Signer and Keymanager APIs: checks each duty against its whole history, has it on disk, and only ' +
        'then signs. Any validator client can point at it.',
    )
    .enablePositionalOptions()
    .addOption(dataDirOption());
  addInit(command);
  addListener(command);
  addSeal(addProtectionStore(command));
  addPolicy(command);
  addWatch(command);
  command.addHelpText('after', HELP);
  addCommon(command);
  host.does<SignerCommandOptions>(command, async (options, context) => {
    const home = await openHome(options, context.io);
    setPreset(home.network.preset);
    const { runSigner } = await import('./run.ts');
    return runSigner(home, options, context);
  });
  addSwitch(host, command);
}

function addListener(command: Command): void {
  command
    .addOption(
      new Option('--host <address>', 'where to listen; elsewhere than on loopback clients must show who they are')
        .env('HOLDFAST_SIGNER_HOST')
        .default('127.0.0.1'),
    )
    .addOption(
      new Option('--port <n>', 'port to listen on; 0: a free one')
        .env('HOLDFAST_SIGNER_PORT')
        .argParser(port)
        .default(9000),
    )
    .option('--tls-cert <file>', 'serve HTTPS with this certificate (PEM)')
    .option('--tls-key <file>', "the certificate's private key (PEM)")
    .option('--tls-client-ca <file>', 'let only clients in whose certificate this CA signed (PEM)')
    .addOption(
      new Option('--clients <file>', 'who may ask for what, as JSON; read again on SIGHUP').env('HOLDFAST_CLIENTS'),
    );
}

function addPolicy(command: Command): void {
  const addresses = (text: string, before: readonly `0x${string}`[] | undefined) => [...(before ?? []), address(text)];
  command
    .option('--policy <file>', 'what may be signed, as JSON; read again on SIGHUP')
    .option('--vault <address>', "a pool's Vault: deposits and fees may go nowhere else; may be repeated", addresses)
    .option('--fee-recipient <address>', 'who may be paid the fees (default: the Vault); may be repeated', addresses)
    .option('--require-proven-fee-recipient', 'sign no block whose fee recipient is not proven (Nimbus proves it)')
    .option('--allow-exits', 'sign voluntary exits, which are irrevocable')
    .option('--slots-ahead-max <n>', 'how far ahead of the clock a duty may lie', integer(0, 100_000_000), 32);
}

function addWatch(command: Command): void {
  command
    .addOption(beaconOption('a beacon node to watch for a second owner of the keys by; may be repeated'))
    .option('--doppelganger-epochs <n>', 'epochs to watch before the first signature; 0: none', integer(0, 100), 2)
    .addOption(
      new Option('--metrics-host <address>', 'where /metrics listens')
        .env('HOLDFAST_METRICS_HOST')
        .default('127.0.0.1'),
    )
    .addOption(
      new Option('--metrics-port <n>', 'serve /metrics (Prometheus), /upcheck and /healthcheck there')
        .env('HOLDFAST_METRICS_PORT')
        .argParser(port),
    )
    .option('--threads <n>', 'signing threads (default: one a core)', integer(1, 256))
    .addOption(
      new Option('--log-level <level>', 'what is logged, on standard error')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    );
}

function addSwitch({ does }: Host, signer: Command): void {
  const kill = signer
    .command('kill')
    .summary('stop all signing at once, until it is resumed')
    .description('Stops all signing of a running signer, and keeps it stopped across restarts, until `resume`.')
    .option('--why <text>', 'for whoever finds it stopped')
    .addHelpText('after', KILL_HELP);
  const resume = signer
    .command('resume')
    .summary('allow signing again')
    .description('Releases the kill switch. A running signer goes on at once.')
    .addHelpText('after', '\nExamples:\n  holdfast signer resume --data-dir /var/lib/holdfast-signer\n');
  const status = signer
    .command('status')
    .summary('who owns the directory, and whether signing is stopped')
    .description('Looks at a directory without touching the signer that runs on it.')
    .addHelpText(
      'after',
      '\nEnds with 1 while the kill switch is pulled.\n\nExamples:\n  holdfast signer status --json\n',
    );
  for (const [command, name] of [
    [kill, 'kill'],
    [resume, 'resume'],
    [status, 'status'],
  ] as const) {
    addCommon(command.addOption(dataDirOption()));
    does<SwitchCommandOptions>(command, async (options, context) => {
      const { runSwitch } = await import('./switch.ts');
      // `signer --data-dir DIR kill` means what it says.
      const { dataDir } = signer.opts<SwitchCommandOptions>();
      return runSwitch(name, dataDir === undefined ? options : { dataDir, ...options }, context);
    });
  }
}

const KILL_HELP = `
The switch is a file, KILLED, in the signer's directory: \`touch\` does as well. SIGUSR2 to the process and
POST /holdfast/v1/kill with an admin's token pull it too.

Examples:
  holdfast signer kill --why "validator client misbehaves"
  kill -USR2 PID
`;

const HELP = `
One process owns the directory; a second one is refused. Signals: SIGTERM finishes what is in flight and ends, SIGHUP
reads keys, clients and policy again, SIGUSR2 stops all signing.

Secrets come from files, the environment (HOLDFAST_SIGNER_PASSPHRASE, HOLDFAST_PKCS11_PIN, HOLDFAST_PROTECTION_URL) or
the terminal, never from the command line.

Examples:
  holdfast signer --init --network hoodi                     everything made that is needed, on 127.0.0.1:9000
  holdfast keys import --data-dir holdfast-signer …          (stop the signer first, or use the Keymanager API)
  holdfast signer --beacon-url http://127.0.0.1:5052         watch for a second owner before the first signature
  holdfast signer --vault 0x… --metrics-port 9465            the keys of a pool: fees and deposits to its Vault only
  holdfast signer --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem --tls-client-ca clients.pem --clients clients.json
  holdfast signer --protection-url-file pg-url               several signers on one truth (docs/guide/remote-signer-ha.md)
  holdfast signer kill --why "found a second instance"
`;

import { type Command, Option } from 'commander';
import { CliUsageError } from '../errors.ts';
import { url, urls } from './parsers.ts';
import { SETTINGS_FILE } from './settings.ts';

/** What every command takes. */
export interface CommonOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly debug?: boolean | undefined;
}

export interface NetworkOptions {
  readonly rpcUrl?: string | undefined;
  readonly beaconUrl?: readonly string[] | undefined;
}

/** The key to send with: one of a file, the environment, a keystore. Never the command line, which others can read. */
export interface KeyOptions {
  readonly privateKeyFile?: string | undefined;
  readonly keystore?: string | undefined;
  readonly passwordFile?: string | undefined;
}

export function addCommon(command: Command): Command {
  if (command.name() !== 'deploy') {
    const config = new Option('--config <file>', `settings, as JSON (default: ./${SETTINGS_FILE} if there is one)`);
    command.addOption(config.env('HOLDFAST_CONFIG'));
  }
  return command
    .option('--json', 'results and errors as JSON, for programs')
    .option('--debug', 'show where an error came from');
}

export function addNetwork(command: Command): Command {
  return command
    .addOption(new Option('--rpc-url <url>', "the execution node's JSON-RPC").env('HOLDFAST_RPC_URL').argParser(url))
    .addOption(
      new Option('--beacon-url <url>', 'a beacon node; repeat it, or use commas, for several')
        .env('HOLDFAST_BEACON_URL')
        .argParser(urls),
    );
}

export function addKey(command: Command): Command {
  return command
    .addOption(
      new Option('--private-key-file <file>', 'file with the private key in hex (or HOLDFAST_PRIVATE_KEY)').env(
        'HOLDFAST_PRIVATE_KEY_FILE',
      ),
    )
    .addOption(new Option('--keystore <file>', 'an Ethereum keystore (version 3)').env('HOLDFAST_KEYSTORE'))
    .addOption(
      new Option('--password-file <file>', "file with the keystore's password (or HOLDFAST_KEYSTORE_PASSWORD)").env(
        'HOLDFAST_PASSWORD_FILE',
      ),
    );
}

/** Both APIs, or an error that says how to name them. */
export function requireNetwork(options: NetworkOptions): { rpcUrl: string; beaconUrls: readonly string[] } {
  const { rpcUrl, beaconUrl: beaconUrls } = options;
  if (rpcUrl !== undefined && beaconUrls !== undefined && beaconUrls.length > 0) return { rpcUrl, beaconUrls };
  throw new CliUsageError(`no ${rpcUrl === undefined ? '--rpc-url' : '--beacon-url'} was given`, {
    fix: `Give it, set ${rpcUrl === undefined ? 'HOLDFAST_RPC_URL' : 'HOLDFAST_BEACON_URL'}, or write it into ${SETTINGS_FILE}`,
  });
}

import { type Command, InvalidArgumentError, Option } from 'commander';
import { urls } from '../../options/parsers.ts';
import { DEFAULT_DIRECTORY, type HomeOptions } from './home.ts';

/** Where the secrets are read from that open a signer's keys and store. */
export interface SecretOptions extends HomeOptions {
  readonly passphraseFile?: string | undefined;
  readonly pkcs11PinFile?: string | undefined;
}

/** The signer's directory. */
export const dataDirOption = (): Option =>
  new Option('--data-dir <dir>', `the signer's directory (default: ./${DEFAULT_DIRECTORY})`).env('HOLDFAST_SIGNER_DIR');

/** Making the directory, where the command may do so. */
export function addInit(command: Command): Command {
  return command
    .option('--init', 'make the directory if there is none yet')
    .addOption(
      new Option('--network <name>', 'mainnet, hoodi, sepolia, gnosis, chiado, or a file that describes one').env(
        'HOLDFAST_NETWORK',
      ),
    );
}

/** The slashing protection store. */
export function addProtectionStore(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--protection-url <url>',
        'PostgreSQL for slashing protection, without a password (default: SQLite in the directory)',
      ).argParser(postgresUrl),
    )
    .addOption(
      new Option(
        '--protection-url-file <file>',
        'file with that URL and its password (or HOLDFAST_PROTECTION_URL)',
      ).env('HOLDFAST_PROTECTION_URL_FILE'),
    );
}

/** What the keys rest sealed under. */
export function addSeal(command: Command): Command {
  return command
    .addOption(
      new Option('--passphrase-file <file>', 'what the keys are sealed under (or HOLDFAST_SIGNER_PASSPHRASE)').env(
        'HOLDFAST_PASSPHRASE_FILE',
      ),
    )
    .addOption(
      new Option('--pkcs11-module <path>', "an HSM's module: seal under a key in it").env('HOLDFAST_PKCS11_MODULE'),
    )
    .addOption(new Option('--pkcs11-token <label>', "the HSM's token").env('HOLDFAST_PKCS11_TOKEN'))
    .addOption(
      new Option('--pkcs11-key <label>', 'the AES key in it (default: holdfast; made with --init)').env(
        'HOLDFAST_PKCS11_KEY',
      ),
    )
    .addOption(
      new Option('--pkcs11-pin-file <file>', "file with the token's user PIN (or HOLDFAST_PKCS11_PIN)").env(
        'HOLDFAST_PKCS11_PIN_FILE',
      ),
    );
}

export const beaconOption = (what: string): Option =>
  new Option('--beacon-url <url>', what).env('HOLDFAST_BEACON_URL').argParser(urls);

/** Others on the machine see the command line, so a password may not stand there. */
function postgresUrl(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (!parsed || !/^postgres(?:ql)?:$/.test(parsed.protocol)) {
    throw new InvalidArgumentError('It must be a URL such as postgres://holdfast@db.internal/holdfast.');
  }
  if (parsed.password !== '' || parsed.searchParams.has('password')) {
    throw new InvalidArgumentError('A password must not stand here: use --protection-url-file.');
  }
  return text;
}

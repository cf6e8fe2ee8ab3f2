import { type Command, Option } from 'commander';
import { CliUsageError } from '../../errors.ts';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { pubkeys } from '../protection/command.ts';
import { openHome } from '../signer/home.ts';
import {
  addInit,
  addProtectionStore,
  addSeal,
  beaconOption,
  dataDirOption,
  type SecretOptions,
} from '../signer/options.ts';

export interface KeysCommandOptions extends CommonOptions, SecretOptions {
  readonly arguments: readonly [paths?: readonly string[]];
  readonly passwordFile?: string | undefined;
  readonly passwordDir?: string | undefined;
  readonly slashingProtection?: readonly string[] | undefined;
  readonly newKeys?: boolean | undefined;
  readonly watchFirst?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly out?: string | undefined;
  readonly newPassphraseFile?: string | undefined;
  readonly newPkcs11Module?: string | undefined;
  readonly newPkcs11Token?: string | undefined;
  readonly newPkcs11Key?: string | undefined;
  readonly newPkcs11PinFile?: string | undefined;
}

type Action = 'import' | 'list' | 'seal' | 'delete';

export function addKeys(host: Host): void {
  const group = host.program
    .command('keys')
    .summary("a signer's keys: import, list, seal, delete")
    .description('Validator keys of a signer, which rest sealed in its directory.')
    .addHelpText('after', GROUP_HELP);
  const importing = group
    .command('import')
    .description('Opens EIP-2335 keystores once, and seals their keys. What is sealed already is passed over.')
    .argument('<paths...>', 'keystore files, or directories of them as the deposit tools write')
    .addOption(
      new Option('--password-file <file>', 'the password of all (or HOLDFAST_KEYSTORE_PASSWORD)').env(
        'HOLDFAST_PASSWORD_FILE',
      ),
    )
    .option('--password-dir <dir>', 'a password file for each: NAME.txt beside NAME.json, or 0xPUBKEY')
    .option('--slashing-protection <file>', 'what the keys signed before (EIP-3076); may be repeated', files)
    .option('--new-keys', 'these keys never signed anything, anywhere')
    .option('--watch-first', 'no history: the signer must watch for a second owner before their first signature')
    .option('--threads <n>', 'keystores opened at once (default: one a core, as memory allows)', integer(1, 256))
    .addHelpText('after', IMPORT_HELP);
  addInit(importing);
  importing.addOption(beaconOption('a beacon node that tells the network (with --init)'));
  const listing = group
    .command('list')
    .description('Lists the keys, and how far their slashing protection reaches.')
    .addHelpText('after', '\nExamples:\n  holdfast keys list\n  holdfast keys list --json | jq -r .keys[].pubkey\n');
  const sealing = addNewSeal(
    group.command('seal').description('Seals the keys anew, under another passphrase or under a key in an HSM.'),
  );
  const deleting = group
    .command('delete')
    .description('Stops keys from signing for good here, writes their history, and removes them, in this order.')
    .argument('<pubkeys...>', 'public keys')
    .option('--out <file>', 'where their history goes (EIP-3076); an existing file is not overwritten')
    .addHelpText('after', DELETE_HELP);
  const actions: Readonly<Record<Action, Command>> = {
    import: importing,
    list: listing,
    seal: sealing,
    delete: deleting,
  };
  for (const name of ['import', 'list', 'seal', 'delete'] as const) addAction(host, actions[name], name);
}

function addNewSeal(command: Command): Command {
  return command
    .option('--new-passphrase-file <file>', 'the new passphrase (or HOLDFAST_NEW_PASSPHRASE)')
    .option('--new-pkcs11-module <path>', "the HSM's module")
    .option('--new-pkcs11-token <label>', 'its token')
    .option('--new-pkcs11-key <label>', 'the AES key in it, made if there is none (default: holdfast)')
    .option('--new-pkcs11-pin-file <file>', "the token's user PIN (or HOLDFAST_PKCS11_PIN)")
    .addHelpText('after', SEAL_HELP);
}

function addAction({ does }: Host, command: Command, name: Action): void {
  addCommon(addSeal(addProtectionStore(command.addOption(dataDirOption()))));
  does<KeysCommandOptions>(command, async (options, context) => {
    if (name === 'import') requireOneStory(options);
    if (name === 'delete') pubkeys((options.arguments[0] ?? []).join(), undefined);
    const home = await openHome(options, context.io);
    setPreset(home.network.preset);
    const { runKeys } = await import('./run.ts');
    return runKeys(name, home, options, context);
  });
}

const files = (path: string, before: readonly string[] | undefined): string[] => [...(before ?? []), path];

function requireOneStory({ slashingProtection, newKeys, watchFirst }: KeysCommandOptions): void {
  if (newKeys && (watchFirst || slashingProtection)) {
    throw new CliUsageError('keys are either new or have a history: --new-keys goes with neither other');
  }
}

const GROUP_HELP = `
Stop the signer first, or use its Keymanager API: the directory has one owner.

Examples:
  holdfast keys import validator_keys --password-file password --new-keys
  holdfast keys list
  holdfast keys delete 0x… --out history.json
`;

const IMPORT_HELP = `
Keys are imported with what they signed before, or not at all: a key whose history is forgotten is a key that can be
slashed. Say one of: --slashing-protection FILE (exported from where the keys were), --new-keys (never used anywhere), or
--watch-first (the signer then needs --beacon-url, and watches some epochs before such a key signs).

It may be interrupted and run again. Passwords come from files, the environment or the terminal.

Examples:
  holdfast keys import validator_keys --password-file password --new-keys --init --network hoodi
  holdfast keys import validators --password-dir secrets --slashing-protection history.json
  holdfast keys import keystore-m_12381_3600_0_0_0.json --watch-first
`;

const SEAL_HELP = `
Afterwards give the signer the new passphrase file or PIN. Older copies of the directory still open with the old one.

Examples:
  holdfast keys seal --new-passphrase-file new-passphrase
  holdfast keys seal --new-pkcs11-module /usr/lib/softhsm/libsofthsm2.so --new-pkcs11-token validators \\
                     --new-pkcs11-pin-file pin
`;

const DELETE_HELP = `
Import the file where the keys go next, before they sign there.

Examples:
  holdfast keys delete 0x… 0x… --out history.json
`;

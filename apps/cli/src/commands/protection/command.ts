import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCommon, type CommonOptions } from '../../options/common.ts';
import { integer } from '../../options/parsers.ts';
import { setPreset } from '../../preset.ts';
import type { Host } from '../../program.ts';
import { type Home, openHome } from '../signer/home.ts';
import { addInit, addProtectionStore, beaconOption, dataDirOption, type SecretOptions } from '../signer/options.ts';

export interface ProtectionCommandOptions extends CommonOptions, SecretOptions {
  readonly arguments: readonly [file?: string];
  readonly gaps?: 'refuse' | 'trust' | undefined;
  readonly minimal?: boolean | undefined;
  readonly keys?: readonly `0x${string}`[] | undefined;
  readonly out?: string | undefined;
  readonly epochsToKeep?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export function addProtection(host: Host): void {
  const group = host.program
    .command('protection')
    .summary("a signer's slashing protection: import, export, prune, check")
    .description('What a signer remembers of what it signed, as EIP-3076 interchange files and in its store.')
    .addHelpText('after', GROUP_HELP);
  const importing = group
    .command('import')
    .description('Merges interchange files into the store, each whole or not at all.')
    .argument('<file>', 'an interchange file (EIP-3076)')
    .addOption(
      new Option(
        '--gaps <meaning>',
        'what is below the lowest record of the file: refuse it, or trust it was never signed',
      )
        .choices(['refuse', 'trust'])
        .default('refuse'),
    )
    .addHelpText('after', IMPORT_HELP);
  addInit(importing);
  importing.addOption(beaconOption('a beacon node that tells the network (with --init)'));
  const exporting = group
    .command('export')
    .description('Writes the history as an interchange file, to standard output or to --out.')
    .option('--minimal', "each key's highest block and attestation only")
    .option('--keys <list>', 'these keys only, by public key with commas', pubkeys)
    .option('--out <file>', 'write here, fsynced; an existing file is not overwritten')
    .addHelpText('after', EXPORT_HELP);
  const pruning = group
    .command('prune')
    .description('Drops old records and raises the watermarks over them: nothing refused before becomes allowed.')
    .option('--epochs-to-keep <n>', "epochs below each key's latest that stay", integer(1, 10_000_000), 512)
    .option('--dry-run', 'only tell what would go')
    .addHelpText('after', PRUNE_HELP);
  const checking = group
    .command('check')
    .description('Reads the whole store and says what is wrong with it.')
    .addHelpText('after', CHECK_HELP);
  const actions = { import: importing, export: exporting, prune: pruning, check: checking };
  for (const name of ['import', 'export', 'prune', 'check'] as const) addAction(host, actions[name], name);
}

function addAction({ does }: Host, command: Command, name: 'import' | 'export' | 'prune' | 'check'): void {
  addCommon(addProtectionStore(command.addOption(dataDirOption())));
  does<ProtectionCommandOptions>(command, async (options, context) => {
    const home: Home = await openHome(options, context.io);
    setPreset(home.network.preset);
    const { runProtection } = await import('./run.ts');
    return runProtection(name, home, options, context);
  });
}

/** Public keys, separated by commas. */
export function pubkeys(text: string, before: readonly `0x${string}`[] | undefined): `0x${string}`[] {
  const keys = text.split(',').map((part) => {
    if (/^0x[0-9a-fA-F]{96}$/.test(part.trim())) return part.trim().toLowerCase() as `0x${string}`;
    throw new InvalidArgumentError('Write 48-byte public keys, separated by commas.');
  });
  return [...(before ?? []), ...keys];
}

const GROUP_HELP = `
Stop the signer first: the store has one owner.

Examples:
  holdfast protection import history.json
  holdfast protection export --out history.json
  holdfast protection prune --dry-run
  holdfast protection check
`;

const IMPORT_HELP = `
An imported file binds as the standard says: what it contains is not signed again otherwise, and (unless --gaps trust)
nothing below its own lowest records is signed any more. Importing a file twice changes nothing.

Examples:
  holdfast protection import lighthouse.json
  holdfast protection import history.json --init --network hoodi --data-dir new-signer
`;

const EXPORT_HELP = `
Warning: an export is a memory of this moment. Never let the signer sign again after its export was imported elsewhere.

Examples:
  holdfast protection export > history.json
  holdfast protection export --minimal --out history.json
`;

const PRUNE_HELP = `
Examples:
  holdfast protection prune --dry-run --epochs-to-keep 256
  holdfast protection prune --epochs-to-keep 256
`;

const CHECK_HELP = `
Ends with 0 when the store is whole, with 1 when it is damaged or holds a slashable pair (which only an import can have
brought).

Examples:
  holdfast protection check --json
`;

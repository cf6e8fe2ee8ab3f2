import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Interchange, ProtectionStore } from '@holdfast/protection';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliFileError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { writeDurably } from '../../secrets/files.ts';
import { pairs } from '../../ui/table.ts';
import type { Home } from '../signer/home.ts';
import { own } from '../signer/owned.ts';
import { openStore } from '../signer/store.ts';
import type { ProtectionCommandOptions } from './command.ts';
import { countPrunable } from './dry-run.ts';

type Act = (
  store: ProtectionStore,
  home: Home,
  options: ProtectionCommandOptions,
  context: Context,
) => Promise<ExitCode>;

export async function runProtection(
  name: 'import' | 'export' | 'prune' | 'check',
  home: Home,
  options: ProtectionCommandOptions,
  context: Context,
): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  await own(home, `protection ${name}`, context, stack);
  const store = await openStore(home, options, context, stack);
  return await ACTS[name](store, home, options, context);
}

const importHistory: Act = async (store, _home, options, context) => {
  const text = readInterchangeFile(resolve(context.io.cwd, options.arguments[0]!));
  const report = await context.progress.step('Importing', () => store.import(text, { gaps: options.gaps ?? 'refuse' }));
  context.tell({ ...report });
  context.say(
    pairs([
      ['keys', `${report.keys}, ${report.keysAdded} of them new`],
      ['blocks', `${report.blocks} added`],
      ['attestations', `${report.attestations} added`],
      ['known before', String(report.known)],
    ]),
  );
  return EXIT.ok;
};

const exportHistory: Act = async (store, _home, options, context) => {
  const path = options.out === undefined ? null : resolve(context.io.cwd, options.out);
  if (path !== null) refuseExisting(path);
  const interchange = await store.export({
    ...(options.keys === undefined ? {} : { pubkeys: options.keys as readonly Pubkey[] }),
    minimal: options.minimal === true,
  });
  const text = interchangeText(interchange);
  if (path === null) {
    context.io.out(text);
    return EXIT.ok;
  }
  writeDurably(path, text);
  context.tell({ path, keys: interchange.data.length });
  context.say(`${interchange.data.length} keys' history is in ${path}.\n`);
  return EXIT.ok;
};

const prune: Act = async (store, home, options, context) => {
  const dryRun = options.dryRun === true;
  const settings = {
    epochsToKeep: BigInt(options.epochsToKeep ?? 512),
    slotsPerEpoch: BigInt(home.network.slotsPerEpoch),
  };
  const report = await context.progress.step(dryRun ? 'Counting' : 'Pruning', () =>
    dryRun ? countPrunable(store, settings) : store.prune(settings),
  );
  context.tell({ ...report, dryRun });
  const verb = dryRun ? 'would go' : 'are gone';
  context.say(`${report.blocks} blocks and ${report.attestations} attestations ${verb}.\n`);
  return EXIT.ok;
};

const check: Act = async (store, _home, _options, context) => {
  const report = await context.progress.step('Reading everything', () => store.integrity());
  context.tell({ ...report });
  const { red, green } = context.style;
  context.say(
    pairs([
      ['network', report.genesisValidatorsRoot],
      ['keys', `${report.keys}, ${report.disabledKeys} of them disabled`],
      ['blocks', String(report.blocks)],
      ['attestations', String(report.attestations)],
    ]),
  );
  for (const problem of [...report.problems, ...report.slashable]) context.say(`  ${red('✗')} ${problem}\n`);
  context.say(report.ok ? `${green('WHOLE')}\n` : `${red('BAD')}: do not sign on this store\n`);
  return report.ok ? EXIT.ok : EXIT.refuted;
};

const ACTS = { import: importHistory, export: exportHistory, prune, check };

export function readInterchangeFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the interchange file cannot be read', { data: { path }, cause });
  }
}

/** Histories are never overwritten: the older one may be the only one. */
export function refuseExisting(path: string): void {
  if (existsSync(path)) {
    throw new CliFileError('the file is there already', { data: { path }, fix: 'Give another --out' });
  }
  // Whether it can be written is found out before anything is changed.
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    throw new CliFileError('the file cannot be written', { data: { path }, cause });
  }
}

/** An export as it stands in a file. */
export const interchangeText = (interchange: Interchange): string => `${JSON.stringify(interchange, null, 2)}\n`;

import { resolve } from 'node:path';
import { type DecryptedKey, decryptKeystores } from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliKeyError, CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readSecretFile } from '../../secrets/files.ts';
import { askSecret } from '../../secrets/prompt.ts';
import { readInterchangeFile } from '../protection/run.ts';
import { addWatchFirst } from '../signer/watch-first.ts';
import type { KeysCommandOptions } from './command.ts';
import { findKeystores, type KeystoreFile, passwordIn } from './files.ts';
import type { Keyring } from './run.ts';

/** Keys sealed at once: what an interruption loses at most. Each batch writes the whole file. */
const BATCH = 128;

interface Failure {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Imports keystores: their history first, then the secrets, a batch at a time. A key never stands in the directory
 * before what it may sign is settled.
 */
export async function importKeys(keyring: Keyring, options: KeysCommandOptions, context: Context): Promise<ExitCode> {
  const { sealed } = keyring;
  const found = findKeystores((options.arguments[0] ?? []).map((path) => resolve(context.io.cwd, path)));
  const fresh = found.filter(({ pubkey }) => pubkey === null || !sealed.has(pubkey as Pubkey));
  const passwords = await passwordsOf(fresh, options, context);
  const covered = await importHistories(keyring, options, context);
  await requireHistory(keyring, found, covered, options);
  const failed: Failure[] = [];
  const imported: Pubkey[] = [];
  await context.progress.step(`Opening ${fresh.length} keystores`, async (detail) => {
    for (let start = 0; start < fresh.length && !context.signal.aborted; start += BATCH) {
      const batch = fresh.slice(start, start + BATCH);
      const results = await decryptKeystores(
        batch.map((file, index) => ({ keystore: file.json, password: passwords[start + index]! })),
        {
          signal: context.signal,
          ...(options.threads === undefined ? {} : { threads: options.threads }),
          onProgress: ({ done }) => detail(`${start + done} of ${fresh.length}`),
        },
      );
      const opened: DecryptedKey[] = [];
      for (const result of results) {
        if (result.ok) opened.push(result.key);
        else {
          const { code, message } = result.error;
          if (code !== 'KEYSTORE_ABORTED') failed.push({ file: batch[result.index]!.path, code, message });
        }
      }
      imported.push(...(await sealBatch(keyring, opened, options)));
    }
  });
  return tellImport({ found, fresh, imported, failed }, sealed.size, context);
}

/** @returns those that were new */
async function sealBatch(
  { home, sealed, protection }: Keyring,
  opened: readonly DecryptedKey[],
  options: KeysCommandOptions,
): Promise<readonly Pubkey[]> {
  try {
    const pubkeys = opened.map(({ pubkey }) => pubkey);
    if (pubkeys.length === 0) return [];
    const known = new Map((await protection.watermarks(pubkeys)).map((mark) => [mark.pubkey, mark]));
    const unknown = pubkeys.filter((pubkey) => !known.has(pubkey));
    // A keystore that does not name its key is only known now.
    if (unknown.length > 0 && !options.newKeys && !options.watchFirst) throw noHistory(unknown);
    if (options.watchFirst) addWatchFirst(home, unknown);
    await protection.enable(pubkeys);
    return (await sealed.add(opened)).added;
  } finally {
    for (const { secret } of opened) secret.fill(0);
  }
}

/** @returns the keys that the files speak of */
async function importHistories(
  { protection }: Keyring,
  options: KeysCommandOptions,
  context: Context,
): Promise<ReadonlySet<string>> {
  const covered = new Set<string>();
  for (const path of options.slashingProtection ?? []) {
    const text = readInterchangeFile(resolve(context.io.cwd, path));
    await context.progress.step(`Importing the history in ${path}`, () => protection.import(text));
    const { data } = JSON.parse(text) as { data: readonly { pubkey: string }[] };
    for (const { pubkey } of data) covered.add(`0x${pubkey.replace(/^0x/, '').toLowerCase()}`);
  }
  return covered;
}

/**
 * Refuses before any keystore is opened, as far as they name their keys; also when the keys are sealed already. A key that
 * was deleted here may have signed elsewhere since: what the store knows of it is not enough.
 */
async function requireHistory(
  { home, protection }: Keyring,
  found: readonly KeystoreFile[],
  covered: ReadonlySet<string>,
  { newKeys, watchFirst }: KeysCommandOptions,
): Promise<void> {
  const pubkeys = found.flatMap(({ pubkey }) => (pubkey === null ? [] : [pubkey as Pubkey]));
  const marks = await protection.watermarks(pubkeys);
  const known = new Set(marks.filter(({ enabled }) => enabled).map(({ pubkey }) => pubkey));
  const unknown = pubkeys.filter((pubkey) => !known.has(pubkey) && !covered.has(pubkey));
  if (unknown.length === 0) return;
  if (!newKeys && !watchFirst) throw noHistory(unknown);
  if (watchFirst) addWatchFirst(home, unknown);
  // Sealed before and unknown to the store: an import that was cut short, or a store that was lost.
  await protection.register(unknown);
}

const noHistory = (unknown: readonly Pubkey[]): CliUsageError =>
  new CliUsageError(`nothing is known of what ${unknown.length} of these keys signed before`, {
    data: { first: unknown[0] },
    fix: 'Give --slashing-protection with the file exported from where they were; or say --new-keys if they never signed, or --watch-first',
  });

/** One password a keystore, in order. */
async function passwordsOf(
  files: readonly KeystoreFile[],
  { passwordFile, passwordDir }: KeysCommandOptions,
  context: Context,
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  if (passwordDir !== undefined) {
    const directory = resolve(context.io.cwd, passwordDir);
    return files.map((file) => passwordIn(directory, file, context.warn));
  }
  const one =
    passwordFile === undefined
      ? (context.io.env.HOLDFAST_KEYSTORE_PASSWORD ?? (await askSecret('Password of the keystores', context.signal)))
      : readSecretFile(resolve(context.io.cwd, passwordFile), context.warn).replace(/\r?\n$/, '');
  if (one === null) {
    throw new CliKeyError('the keystores need their passwords', {
      fix: 'Give --password-file or --password-dir, or set HOLDFAST_KEYSTORE_PASSWORD',
    });
  }
  return files.map(() => one);
}

function tellImport(
  outcome: {
    readonly found: readonly KeystoreFile[];
    readonly fresh: readonly KeystoreFile[];
    readonly imported: readonly Pubkey[];
    readonly failed: readonly Failure[];
  },
  total: number,
  context: Context,
): ExitCode {
  const { found, fresh, imported, failed } = outcome;
  const skipped = found.length - fresh.length;
  context.tell({ imported, skipped, failed, total });
  const { red } = context.style;
  for (const { file, code, message } of failed) context.say(`  ${red('✗')} ${file}: ${code} ${message}\n`);
  const left = fresh.length - imported.length - failed.length;
  const parts = [
    `${imported.length} imported`,
    ...(skipped > 0 ? [`${skipped} were there already`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(left > 0 ? [`${left} left for another run`] : []),
  ];
  context.say(`${parts.join(', ')}; ${total} keys are sealed.\n`);
  return failed.length > 0 ? EXIT.failed : EXIT.ok;
}

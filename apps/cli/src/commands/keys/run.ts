import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type KeyEncryptionKey, openPassphraseKek, openPkcs11Kek, SealedStore } from '@holdfast/keys';
import type { ProtectionStore } from '@holdfast/protection';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliKeyError, CliUsageError } from '../../errors.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { readSecretFile, writeDurably } from '../../secrets/files.ts';
import { pairs, table } from '../../ui/table.ts';
import { interchangeText, refuseExisting } from '../protection/run.ts';
import { type Home, recordSeal, type Seal, sealOf } from '../signer/home.ts';
import { own } from '../signer/owned.ts';
import { openSeal, readPin } from '../signer/secrets.ts';
import { openStore } from '../signer/store.ts';
import { readWatchFirst } from '../signer/watch-first.ts';
import type { KeysCommandOptions } from './command.ts';
import { importKeys } from './import.ts';

/** What the commands work on. */
export interface Keyring {
  readonly home: Home;
  readonly sealed: SealedStore;
  readonly protection: ProtectionStore;
}

export async function runKeys(
  name: 'import' | 'list' | 'seal' | 'delete',
  home: Home,
  options: KeysCommandOptions,
  context: Context,
): Promise<ExitCode> {
  await using stack = new AsyncDisposableStack();
  await own(home, `keys ${name}`, context, stack);
  const protection = await openStore(home, options, context, stack);
  const kek = await openSeal(home, options, context);
  stack.defer(() => kek.close());
  mkdirSync(home.keysDirectory, { recursive: true, mode: 0o700 });
  const sealed = await SealedStore.open(home.keysDirectory, kek, { create: options.init === true });
  stack.defer(() => sealed.close());
  return await ACTS[name]({ home, sealed, protection }, options, context);
}

async function list({ home, sealed, protection }: Keyring, _: KeysCommandOptions, context: Context): Promise<ExitCode> {
  const records = sealed.list();
  const waiting = new Set(readWatchFirst(home));
  const marks = new Map((await protection.watermarks()).map((mark) => [mark.pubkey, mark]));
  // Of each key its highest block and vote.
  const last = new Map((await protection.export({ minimal: true })).data.map((key) => [key.pubkey, key]));
  const keys = records.map(({ pubkey, description, importedAt, disabled }) => {
    const mark = marks.get(pubkey);
    const state = disabled || mark?.enabled === false ? 'disabled' : mark === undefined ? 'no history' : 'may sign';
    return {
      pubkey,
      state: waiting.has(pubkey) && state === 'may sign' ? 'watched first' : state,
      lastSlot: last.get(pubkey)?.signed_blocks[0]?.slot ?? null,
      lastTargetEpoch: last.get(pubkey)?.signed_attestations[0]?.target_epoch ?? null,
      importedAt,
      description,
    };
  });
  context.tell({ keys });
  const columns = ['key', 'state', 'last block', 'last target', 'imported'].map((title) => ({ title }));
  const rows = keys.map((key) => [
    key.pubkey,
    key.state,
    key.lastSlot ?? '–',
    key.lastTargetEpoch ?? '–',
    key.importedAt.slice(0, 10),
  ]);
  context.say(keys.length === 0 ? 'No keys.\n' : table(columns, rows));
  return EXIT.ok;
}

async function seal({ home, sealed }: Keyring, options: KeysCommandOptions, context: Context): Promise<ExitCode> {
  const next = newSealOf(options);
  const kek = await openNewSeal(next, options, context);
  try {
    await context.progress.step(`Sealing ${sealed.size} keys under ${kek.label}`, () => sealed.reseal(kek));
    recordSeal(home, next);
  } finally {
    kek.close();
  }
  context.tell({ keys: sealed.size, seal: next.kind });
  context.say(`${sealed.size} keys rest under ${kek.label} now.\n`);
  if (next.kind === 'pkcs11') context.warn(`${home.passphrasePath} opens older copies only: remove it with them`);
  return EXIT.ok;
}

function newSealOf(options: KeysCommandOptions): Seal {
  const { newPkcs11Module, newPkcs11Token, newPkcs11Key } = options;
  const named = { pkcs11Module: newPkcs11Module, pkcs11Token: newPkcs11Token, pkcs11Key: newPkcs11Key };
  return sealOf(named) ?? { kind: 'passphrase' };
}

async function openNewSeal(next: Seal, options: KeysCommandOptions, context: Context): Promise<KeyEncryptionKey> {
  if (next.kind === 'pkcs11') {
    const pin = await readPin({ pkcs11PinFile: options.newPkcs11PinFile }, context);
    return openPkcs11Kek({ module: next.module, tokenLabel: next.token, keyLabel: next.key, pin, create: true });
  }
  const { newPassphraseFile } = options;
  const passphrase =
    newPassphraseFile === undefined
      ? context.io.env.HOLDFAST_NEW_PASSPHRASE
      : readSecretFile(resolve(context.io.cwd, newPassphraseFile), context.warn);
  if (passphrase !== undefined) return openPassphraseKek({ passphrase });
  throw new CliKeyError('what to seal under was not given', {
    fix: 'Give --new-passphrase-file, set HOLDFAST_NEW_PASSPHRASE, or name an HSM with --new-pkcs11-module',
  });
}

/** First the store forbids, then the history is on disk, then the key goes: whatever breaks between, nothing is lost. */
async function remove(keyring: Keyring, options: KeysCommandOptions, context: Context): Promise<ExitCode> {
  const { sealed, protection } = keyring;
  if (options.out === undefined) {
    throw new CliUsageError('--out is needed: whoever signs with the keys next needs their history');
  }
  const asked = [...new Set((options.arguments[0] ?? []).map((key) => key.toLowerCase() as Pubkey))];
  const missing = asked.filter((pubkey) => !sealed.has(pubkey));
  if (missing.length > 0) {
    throw new CliKeyError('the signer has no such key', { data: { missing }, fix: '`holdfast keys list` shows them' });
  }
  const path = resolve(context.io.cwd, options.out);
  refuseExisting(path);
  const interchange = await protection.disable(asked);
  writeDurably(path, interchangeText(interchange));
  const removed = await sealed.remove(asked);
  context.tell({ removed, path });
  context.say(
    pairs([
      ['removed', `${removed.length} keys`],
      ['history', path],
    ]),
  );
  return EXIT.ok;
}

const ACTS = { import: importKeys, list, seal, delete: remove };

/** A node's shares at rest: EIP-2335 keystores with a password file, or the sealed store. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClusterLock,
  decryptKeystores,
  encryptKeystore,
  type KeyEncryptionKey,
  type KeyPair,
  publicKeyOf,
  SealedStore,
} from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliFileError, CliKeyError } from '../../errors.ts';
import { readSecretFile, writeDurably } from '../../secrets/files.ts';
import { KEYSTORES } from '../cluster/files.ts';
import { findKeystores } from '../keys/files.ts';
import type { SecretOptions } from '../signer/options.ts';
import { openSeal, type SealedHome } from '../signer/secrets.ts';
import type { NodeRecord } from './record.ts';

export interface ShareOptions extends SecretOptions {
  readonly passwordFile?: string | undefined;
}

const PASSWORD_FILE = 'password';

/** Where a directory's keys are sealed. */
export const sealedHome = (directory: string, seal: NodeRecord['seal']): SealedHome => ({
  seal: seal ?? { kind: 'passphrase' },
  keysDirectory: join(directory, 'keys'),
  passphrasePath: join(directory, 'passphrase'),
});

/** Where new shares go; opened before there are any, so that what is wrong with it is found out in time. */
export interface ShareKeeper {
  readonly where: string;
  save(lock: ClusterLock, index: number, shares: readonly Uint8Array[]): Promise<void>;
}

/** Keystores under a password from a file, or under one that is made. @throws CliFileError where some are there already */
export function keystoreKeeper(directory: string, passwordFile: string | undefined, context: Context): ShareKeeper {
  const where = join(directory, KEYSTORES);
  if (existsSync(where)) {
    throw new CliFileError('there are keystores already', {
      data: { path: where },
      fix: 'Move them away, or give another --data-dir',
    });
  }
  const given = passwordFile === undefined ? null : passwordIn(passwordFile, context);
  return {
    where,
    async save(lock, index, shares) {
      mkdirSync(where, { recursive: true, mode: 0o700 });
      const password = given ?? randomBytes(32).toString('hex');
      if (given === null) writeDurably(join(directory, PASSWORD_FILE), `${password}\n`);
      // Nobody guesses 32 random bytes, so nothing need slow the guessing down; what a person chose does.
      const kdf = given === null ? { kdf: { function: 'pbkdf2', c: 10_000 } as const } : {};
      for (const [i, secret] of shares.entries()) {
        const description = `share ${index} of ${lock.validators[i]!.pubkey}`;
        const keystore = encryptKeystore({ secret, password, description, ...kdf });
        writeDurably(join(where, `keystore-${String(i).padStart(5, '0')}.json`), `${JSON.stringify(keystore)}\n`);
      }
    },
  };
}

/** Straight into a sealed store, which is made. */
export async function sealedKeeper(
  directory: string,
  seal: NodeRecord['seal'],
  options: ShareOptions,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<ShareKeeper> {
  const home = sealedHome(directory, seal);
  mkdirSync(home.keysDirectory, { recursive: true, mode: 0o700 });
  const kek = await openSeal(home, { ...options, init: true }, context);
  stack.defer(() => kek.close());
  const store = await SealedStore.open(home.keysDirectory, kek, { create: true });
  stack.defer(() => store.close());
  return {
    where: home.keysDirectory,
    async save(lock, index, shares) {
      const keys = shares.map((secret, i) => ({
        pubkey: publicKeyOf(secret),
        secret,
        description: `share ${index} of ${lock.validators[i]!.pubkey}`,
      }));
      await store.add(keys);
    },
  };
}

/**
 * This node's shares, in the order of the lock's validators. The caller erases them.
 *
 * @throws CliKeyError when one that the lock names is not there
 */
export async function loadShares(
  directory: string,
  lock: ClusterLock,
  index: number,
  record: NodeRecord | null,
  options: ShareOptions,
  context: Context,
): Promise<KeyPair[]> {
  const held = await (isSealed(directory, record)
    ? unseal(directory, record, options, context)
    : open(directory, options, context));
  const byPubkey = new Map(held.map((pair) => [pair.pubkey, pair]));
  const wanted = lock.validators.map(({ sharePubkeys }) => sharePubkeys[index - 1]!);
  const missing = wanted.filter((pubkey) => !byPubkey.has(pubkey));
  for (const { pubkey, secret } of held) if (missing.length > 0 || !wanted.includes(pubkey)) secret.fill(0);
  if (missing.length === 0) return wanted.map((pubkey) => byPubkey.get(pubkey)!);
  throw new CliKeyError("the shares in this directory are not those of the lock's node", {
    data: { node: index, missing: missing.length, first: missing[0], held: held.length, heldFirst: held[0]?.pubkey },
    fix: 'Start with the lock that was made with these shares: the directory of `holdfast dkg` holds both',
  });
}

const isSealed = (directory: string, record: NodeRecord | null): boolean =>
  record === null ? !existsSync(join(directory, KEYSTORES)) : record.seal !== null;

async function unseal(
  directory: string,
  record: NodeRecord | null,
  options: ShareOptions,
  context: Context,
): Promise<readonly KeyPair[]> {
  const home = sealedHome(directory, record?.seal ?? null);
  let kek: KeyEncryptionKey | null = null;
  try {
    kek = await openSeal(home, options, context);
    const store = await SealedStore.open(home.keysDirectory, kek);
    const pairs = await store.unseal();
    await store.close();
    return pairs;
  } finally {
    kek?.close();
  }
}

/** @throws CliKeyError naming the keystores that do not open */
async function open(directory: string, options: ShareOptions, context: Context): Promise<KeyPair[]> {
  return openKeystores(join(directory, KEYSTORES), options.passwordFile ?? join(directory, PASSWORD_FILE), context);
}

/** All keystores of a directory, under one password. @throws CliKeyError naming those that do not open */
export async function openKeystores(path: string, passwordFile: string, context: Context): Promise<KeyPair[]> {
  const files = findKeystores([path]);
  const password = passwordIn(passwordFile, context);
  const results = await context.progress.step(`Opening ${files.length} keystores`, () =>
    decryptKeystores(
      files.map(({ json }) => ({ keystore: json, password })),
      { signal: context.signal },
    ),
  );
  const failed = results.flatMap((result) =>
    result.ok ? [] : [{ file: files[result.index]!.path, code: result.error.code }],
  );
  const keys = results.flatMap((result) => (result.ok ? [result.key] : []));
  if (failed.length === 0) return keys.map(({ pubkey, secret }) => ({ pubkey: pubkey as Pubkey, secret }));
  for (const { secret } of keys) secret.fill(0);
  throw new CliKeyError(`${failed.length} keystores do not open`, {
    data: { failed: failed.slice(0, 5) },
    fix: 'Give their password with --password-file',
  });
}

const passwordIn = (path: string, context: Context): string => readSecretFile(path, context.warn).replace(/\r?\n$/, '');

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type KeyEncryptionKey, openPassphraseKek, openPkcs11Kek, sealedStorePath } from '@holdfast/keys';
import type { Context } from '../../context.ts';
import { CliKeyError } from '../../errors.ts';
import { readSecretFile, writeDurably } from '../../secrets/files.ts';
import { askSecret } from '../../secrets/prompt.ts';
import { type Home, sealOf } from './home.ts';
import type { SecretOptions } from './options.ts';

/** What of a directory sealing has to do with. */
export type SealedHome = Pick<Home, 'seal' | 'keysDirectory' | 'passphrasePath'>;

/**
 * The key that the validator keys rest sealed under: as the command line says, else as this directory was made. While
 * nothing is sealed yet, what is missing of it is made, if the command may make things.
 */
export async function openSeal(home: SealedHome, options: SecretOptions, context: Context): Promise<KeyEncryptionKey> {
  const seal = options.passphraseFile === undefined ? (sealOf(options) ?? home.seal) : { kind: 'passphrase' as const };
  const fresh = options.init === true && !existsSync(sealedStorePath(home.keysDirectory));
  if (seal.kind === 'passphrase') {
    return openPassphraseKek({ passphrase: await readPassphrase(home, options, context, fresh) });
  }
  const { module, token: tokenLabel, key: keyLabel } = seal;
  return openPkcs11Kek({ module, tokenLabel, keyLabel, pin: await readPin(options, context), create: fresh });
}

async function readPassphrase(
  home: SealedHome,
  options: SecretOptions,
  context: Context,
  fresh: boolean,
): Promise<string> {
  const { passphraseFile } = options;
  const inEnvironment = context.io.env.HOLDFAST_SIGNER_PASSPHRASE;
  if (passphraseFile !== undefined) return readSecretFile(resolve(context.io.cwd, passphraseFile), context.warn);
  if (inEnvironment !== undefined) return inEnvironment;
  if (existsSync(home.passphrasePath)) return readSecretFile(home.passphrasePath, context.warn);
  if (fresh) {
    writeDurably(home.passphrasePath, `${randomBytes(32).toString('hex')}\n`);
    context.warn(`a passphrase was made in ${home.passphrasePath}: keep it apart from the keys that it opens`);
    return readSecretFile(home.passphrasePath, context.warn);
  }
  const typed = await askSecret('Passphrase of the signer', context.signal);
  if (typed !== null) return typed;
  throw new CliKeyError('the passphrase that opens the keys was not given', {
    fix: 'Give --passphrase-file, or set HOLDFAST_SIGNER_PASSPHRASE',
  });
}

export async function readPin(options: SecretOptions, context: Context): Promise<string> {
  const { pkcs11PinFile } = options;
  if (pkcs11PinFile !== undefined) return readSecretFile(resolve(context.io.cwd, pkcs11PinFile), context.warn).trim();
  const pin = context.io.env.HOLDFAST_PKCS11_PIN ?? (await askSecret('User PIN of the token', context.signal));
  if (pin !== null) return pin;
  throw new CliKeyError("the token's user PIN was not given", {
    fix: 'Give --pkcs11-pin-file, or set HOLDFAST_PKCS11_PIN',
  });
}

/** The URL of the PostgreSQL that holds the protection; null when it is SQLite. */
export function protectionUrl(options: SecretOptions, context: Context): string | null {
  const { protectionUrlFile } = options;
  if (protectionUrlFile !== undefined) {
    return readSecretFile(resolve(context.io.cwd, protectionUrlFile), context.warn).trim();
  }
  return context.io.env.HOLDFAST_PROTECTION_URL ?? options.protectionUrl ?? null;
}

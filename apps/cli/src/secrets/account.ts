import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import { CliKeyError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { KeyOptions } from '../options/common.ts';
import { readSecretFile } from './files.ts';
import { decryptKeystore } from './keystore.ts';

/**
 * The account to send from. Its key comes from exactly one of: a file, HOLDFAST_PRIVATE_KEY, a keystore. It is held in
 * memory only, and no message shows it.
 */
export function readAccount(options: KeyOptions, io: Io, warn: (text: string) => void): PrivateKeyAccount {
  const { privateKeyFile, keystore, passwordFile } = options;
  const inEnvironment = io.env.HOLDFAST_PRIVATE_KEY;
  const given = [privateKeyFile, keystore, inEnvironment].filter((source) => source !== undefined);
  if (given.length === 0) {
    throw new CliKeyError('no key to send with was given', {
      fix: 'Give --private-key-file or --keystore, or set HOLDFAST_PRIVATE_KEY',
    });
  }
  if (given.length > 1) {
    throw new CliKeyError('more than one key to send with was given', {
      fix: 'Give one of --private-key-file, --keystore and HOLDFAST_PRIVATE_KEY',
    });
  }
  if (keystore === undefined) {
    const text = inEnvironment ?? readSecretFile(privateKeyFile!, warn);
    return accountOf(text.trim(), inEnvironment === undefined ? privateKeyFile! : 'HOLDFAST_PRIVATE_KEY');
  }
  const password =
    passwordFile === undefined
      ? io.env.HOLDFAST_KEYSTORE_PASSWORD
      : readSecretFile(passwordFile, warn).replace(/\r?\n$/, '');
  if (password === undefined) {
    throw new CliKeyError('a keystore needs its password', {
      fix: 'Give --password-file, or set HOLDFAST_KEYSTORE_PASSWORD',
    });
  }
  return accountOf(decryptKeystore(readSecretFile(keystore, warn), password, keystore), keystore);
}

function accountOf(text: string, source: string): PrivateKeyAccount {
  const hex = text.replace(/^0x/, '');
  if (!/^[0-9a-fA-F]{64}$/.test(hex))
    throw new CliKeyError('a private key must be 32 bytes of hex', { data: { source } });
  try {
    return privateKeyToAccount(`0x${hex}`);
  } catch {
    // The library's own message may quote the key.
    throw new CliKeyError('that private key is outside of the curve', { data: { source } });
  }
}

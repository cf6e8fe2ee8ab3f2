import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CliFileError, CliKeyError } from '../../errors.ts';
import { readSecretFile } from '../../secrets/files.ts';

/** A keystore's file, not opened. */
export interface KeystoreFile {
  readonly path: string;
  /** Its JSON. */
  readonly json: Readonly<Record<string, unknown>>;
  /** As the file says it; null where the tool left it out. */
  readonly pubkey: `0x${string}` | null;
}

/** Keystores of this size are none. */
const BYTES_MAX = 64 * 1024;

/**
 * The keystores at these paths. Of a directory every JSON file counts that is a keystore: the deposit tools put
 * `deposit_data-*.json` beside them, some validator clients a directory for each.
 *
 * @throws CliFileError when a path is not there, a file that was named is no keystore, or a directory holds none
 */
export function findKeystores(paths: readonly string[]): KeystoreFile[] {
  const found = paths.flatMap((path) => {
    if (!statOf(path).isDirectory()) {
      const keystore = readKeystore(path);
      if (keystore) return [keystore];
      throw new CliFileError('this is no EIP-2335 keystore', { data: { path } });
    }
    const inside = readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .flatMap((file) => readKeystore(file) ?? []);
    if (inside.length === 0) throw new CliFileError('the directory holds no keystores', { data: { path } });
    return inside;
  });
  return [...new Map(found.map((keystore) => [keystore.path, keystore])).values()];
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    throw new CliFileError('there is no such file', { data: { path }, cause });
  }
}

function readKeystore(path: string): KeystoreFile | null {
  try {
    if (statSync(path).size > BYTES_MAX) return null;
    const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null;
    if (typeof json !== 'object' || json === null || json.version !== 4 || typeof json.crypto !== 'object') return null;
    const hex = typeof json.pubkey === 'string' ? json.pubkey.replace(/^0x/, '').toLowerCase() : '';
    return { path, json, pubkey: /^[0-9a-f]{96}$/.test(hex) ? `0x${hex}` : null };
  } catch {
    return null;
  }
}

/**
 * The password of a keystore from a directory of passwords: `NAME.txt` for `NAME.json`, as most clients read them, or
 * `0xPUBKEY`, as Lighthouse keeps its secrets.
 *
 * @throws CliKeyError when there is none
 */
export function passwordIn(directory: string, { path, pubkey }: KeystoreFile, warn: (text: string) => void): string {
  const name = basename(path).replace(/\.json$/, '');
  const names = [`${name}.txt`, ...(pubkey === null ? [] : [pubkey, `${pubkey}.txt`])];
  for (const candidate of names) {
    const file = join(directory, candidate);
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) return readSecretFile(file, warn);
  }
  throw new CliKeyError('a keystore has no password file', {
    data: { keystore: path, directory, lookedFor: names },
    fix: 'Put NAME.txt for NAME.json there, or give --password-file if all have the same',
  });
}

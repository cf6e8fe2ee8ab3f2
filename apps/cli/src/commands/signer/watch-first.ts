import { existsSync, readFileSync } from 'node:fs';
import type { Pubkey } from '@holdfast/units';
import { CliFileError } from '../../errors.ts';
import { writeDurably } from '../../secrets/files.ts';
import type { Home } from './home.ts';

/**
 * Keys without a history that must be watched for a second owner before their first signature, however often the signer
 * is restarted meanwhile.
 *
 * @throws CliFileError when the list is there and cannot be read
 */
export function readWatchFirst({ watchFirstPath: path }: Home): readonly Pubkey[] {
  if (!existsSync(path)) return [];
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (Array.isArray(value) && value.every((key) => /^0x[0-9a-f]{96}$/.test(String(key)))) return value as Pubkey[];
  } catch (cause) {
    throw new CliFileError('the list of keys to watch first cannot be read', { data: { path }, cause });
  }
  throw new CliFileError('the list of keys to watch first holds other things', { data: { path } });
}

export const addWatchFirst = (home: Home, pubkeys: readonly Pubkey[]): void =>
  write(home, [...new Set([...readWatchFirst(home), ...pubkeys])]);

/** They were watched, or have left. */
export function dropWatchFirst(home: Home, pubkeys: readonly Pubkey[]): void {
  const before = readWatchFirst(home);
  const gone = new Set(pubkeys);
  const after = before.filter((pubkey) => !gone.has(pubkey));
  if (after.length < before.length) write(home, after);
}

const write = ({ watchFirstPath }: Home, pubkeys: readonly Pubkey[]): void =>
  writeDurably(watchFirstPath, `${JSON.stringify(pubkeys, null, 1)}\n`);

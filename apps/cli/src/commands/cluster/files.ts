import { existsSync, readFileSync } from 'node:fs';
import { type ClusterLock, parseLock, type VerifiedLock, verifyLock } from '@holdfast/keys';
import { CliFileError } from '../../errors.ts';
import { writeDurably } from '../../secrets/files.ts';
import { verifyOperator } from './signing.ts';

/** What a node's directory holds. */
export const DEFAULT_DIRECTORY = 'holdfast-node';
export const IDENTITY_FILE = 'node.key';
export const LOCK_FILE = 'lock.json';
export const KEYSTORES = 'keystores';

/** A lock as it stands in the file: parsed, not verified. @throws CliFileError, LockError */
export function readLock(path: string): ClusterLock {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the cluster lock cannot be read', { data: { path }, cause });
  }
  return parseLock(text);
}

/** @throws CliFileError, LockError naming the field that is not true */
export const readVerifiedLock = (path: string): Promise<VerifiedLock> => verifyLock(readLock(path), verifyOperator);

/** Writes a new file; one that is there stays. @throws CliFileError */
export function writeNew(path: string, text: string): void {
  if (existsSync(path)) {
    throw new CliFileError('the file is there already', { data: { path }, fix: 'Move it away, or name another' });
  }
  writeDurably(path, text);
}

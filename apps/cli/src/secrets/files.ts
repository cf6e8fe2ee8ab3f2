import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliFileError } from '../errors.ts';

/** A file that holds a secret; warns when others on this machine can read it. */
export function readSecretFile(path: string, warn: (text: string) => void): string {
  try {
    const others = statSync(path).mode & 0o077;
    if (others !== 0 && process.platform !== 'win32') {
      warn(`${path} can be read by others on this machine: chmod 600 it`);
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the file cannot be read', { data: { path }, cause });
  }
}

/** Writes a file whole or not at all, on disk when it returns, readable by its owner only. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new CliFileError('the file cannot be written', { data: { path }, cause });
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyEncryptionKey, openPassphraseKek } from '../../src/index.ts';

/** A directory of its own for a test. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
}

export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** A passphrase whose derivation costs nothing. */
export const cheapKek = (passphrase = 'a test passphrase'): KeyEncryptionKey =>
  openPassphraseKek({ passphrase, kdf: { function: 'scrypt', n: 16, r: 8, p: 1 } });

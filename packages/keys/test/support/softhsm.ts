import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPkcs11Module } from '../../src/index.ts';

export const SOFTHSM_MODULE = findPkcs11Module();
if (SOFTHSM_MODULE === undefined) console.log('skipped: SoftHSM2 is absent (apt-get install softhsm2)');

export const PIN = '1234';

/** A SoftHSM2 of its own in `directory`, for this process, with a token for each label. */
export function makeTokens(directory: string, labels: readonly string[]): void {
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens, { recursive: true });
  const conf = join(directory, 'softhsm2.conf');
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  process.env.SOFTHSM2_CONF = conf;
  for (const label of labels) {
    const args = ['--init-token', '--free', '--label', label, '--pin', PIN, '--so-pin', '56785678'];
    execFileSync('softhsm2-util', args, { stdio: 'pipe' });
  }
}

import { readFileSync } from 'node:fs';
import { type PoolManifest, parseManifest } from '@holdfast/pool';
import { CliFileError, CliUsageError } from './errors.ts';

/** @throws CliFileError, PoolConfigError */
export function readManifestFile(path: string): PoolManifest {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CliFileError('the manifest cannot be read', { data: { path }, cause });
  }
  return parseManifest(text);
}

/** The manifest that `--pool` or `--manifest` names. */
export function requireManifest(path: string | undefined): PoolManifest {
  if (path === undefined) {
    throw new CliUsageError('no --pool was given', {
      fix: 'Give the manifest that `holdfast deploy` wrote (pool.json)',
    });
  }
  if (/^0x[0-9a-fA-F]{40}$/.test(path)) {
    throw new CliUsageError('an address does not say what the pool must be', {
      data: { pool: path },
      fix: 'Give the manifest that `holdfast deploy` wrote: its configuration is checked against the code on chain',
    });
  }
  return readManifestFile(path);
}

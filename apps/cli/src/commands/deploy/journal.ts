import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type PoolConfig, parsePoolConfig } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import { CliFileError } from '../../errors.ts';

/** What an interrupted deployment leaves beside its manifest, so that `--resume` can go on. */
export interface Journal {
  readonly chainId: number;
  readonly account: Hex;
  readonly deployer: Hex;
  readonly config: PoolConfig;
}

const journalPath = (manifest: string): string => `${manifest}.partial`;

export function readJournal(manifest: string): Journal | null {
  const path = journalPath(manifest);
  if (!existsSync(path)) return null;
  try {
    const { chainId, account, deployer, config } = JSON.parse(readFileSync(path, 'utf8'));
    if (Number.isSafeInteger(chainId) && isAddress(account) && isAddress(deployer)) {
      return { chainId, account, deployer, config: parsePoolConfig(config) };
    }
  } catch (cause) {
    throw new CliFileError('the journal of the interrupted deployment cannot be read', { data: { path }, cause });
  }
  throw new CliFileError('the journal of the interrupted deployment is damaged', { data: { path } });
}

export function writeJournal(manifest: string, journal: Journal): void {
  writeWhole(
    journalPath(manifest),
    `${JSON.stringify(journal, (_key, value) => (typeof value === 'bigint' ? `${value}` : value), 2)}\n`,
  );
}

export const dropJournal = (manifest: string): void => rmSync(journalPath(manifest), { force: true });

/** Writes a file so that it is there whole or not at all, also when the process dies meanwhile. */
export function writeWhole(path: string, text: string): void {
  const draft = resolve(dirname(path), `.${process.pid}.holdfast.tmp`);
  try {
    writeFileSync(draft, text, { flush: true });
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw new CliFileError('the file cannot be written', { data: { path }, cause });
  }
}

const isAddress = (value: unknown): value is Hex => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value);

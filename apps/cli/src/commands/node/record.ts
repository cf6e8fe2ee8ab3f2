import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Root } from '@holdfast/units';
import { CliFileError } from '../../errors.ts';
import { writeDurably } from '../../secrets/files.ts';
import type { Seal } from '../signer/home.ts';

const RECORD_FILE = 'node.json';

/**
 * How a node's directory came to be: what its shares rest in, and whether they may have signed. It stands apart from
 * the database of what was signed, so that a lost database is told from one that never was.
 */
export interface NodeRecord {
  readonly version: 1;
  readonly lockHash: Root;
  /** `dkg`: the shares were born here. `resharing`: the validators are older than the shares. `hand`: put here by somebody. */
  readonly origin: 'dkg' | 'resharing' | 'hand';
  /** What the shares are sealed under; null for keystores. */
  readonly seal: Seal | null;
  /** ISO 8601; null until the node was allowed to sign. */
  readonly startedAt: string | null;
}

/** Null where there is none. @throws CliFileError */
export function readRecord(directory: string): NodeRecord | null {
  const path = join(directory, RECORD_FILE);
  if (!existsSync(path)) return null;
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<NodeRecord> | null;
    const isWhole =
      record?.version === 1 &&
      /^0x[0-9a-f]{64}$/.test(record.lockHash ?? '') &&
      ['dkg', 'resharing', 'hand'].includes(record.origin ?? '') &&
      (record.seal === null || ['passphrase', 'pkcs11'].includes(record.seal?.kind ?? '')) &&
      (record.startedAt === null || typeof record.startedAt === 'string');
    if (isWhole) return record as NodeRecord;
  } catch (cause) {
    throw new CliFileError("the node's record cannot be read", { data: { path }, cause });
  }
  throw new CliFileError("the node's record is not one that this version wrote", { data: { path } });
}

export const writeRecord = (directory: string, record: NodeRecord): void =>
  writeDurably(join(directory, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);

import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Pubkey } from '@holdfast/units';
import { ExitRequestError } from '../errors.ts';

/** This node's operator wants a validator to leave. Irrevocable once t operators do. */
export interface ExitRequest {
  readonly pubkey: Pubkey;
  /** What the exit names: it is not valid before this epoch. Null: the validator's activation epoch. The same at every node. */
  readonly epoch: number | null;
  /** ISO 8601. */
  readonly askedAt: string;
}

/** A file among the requests that is none. */
export interface BadExitRequest {
  readonly file: string;
  readonly why: string;
}

/** What this node's operator asked for; nobody else can. */
export interface ExitRequests {
  all(): { readonly requests: readonly ExitRequest[]; readonly bad: readonly BadExitRequest[] };
  find(pubkey: Pubkey): ExitRequest | null;
}

const DIRECTORY = 'exits';
const BYTES_MAX = 4096;
/** A pipe must not be waited for, nor a link followed. Windows knows neither. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Requests as files in the node's directory: `exits/PUBKEY.json`. Whoever may write there is the operator, as with the
 * kill switch; a file that others may write to is not believed. They are read anew each time, so a node that runs sees
 * at once what was asked or withdrawn, and no request outlives its file.
 */
export class ExitRequestFiles implements ExitRequests {
  readonly #directory: string;

  /** @param nodeDirectory the node's own; need not hold requests yet */
  constructor(nodeDirectory: string) {
    this.#directory = join(nodeDirectory, DIRECTORY);
  }

  all(): ReturnType<ExitRequests['all']> {
    const requests: ExitRequest[] = [];
    const bad: BadExitRequest[] = [];
    for (const file of this.#files()) {
      const read = this.#read(file);
      if (typeof read === 'string') bad.push({ file: join(this.#directory, file), why: read });
      else if (read) requests.push(read);
    }
    return { requests, bad };
  }

  find(pubkey: Pubkey): ExitRequest | null {
    const read = this.#read(fileOf(pubkey));
    return typeof read === 'string' ? null : read;
  }

  /** On disk when it returns; one that is there for the validator is replaced. @throws ExitRequestError */
  ask(pubkey: Pubkey, epoch: number | null): ExitRequest {
    const path = join(this.#directory, fileOf(pubkey));
    const draft = `${path}.${process.pid}.tmp`;
    const request = { pubkey, epoch, askedAt: new Date().toISOString() };
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const file = openSync(draft, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify({ version: 1, ...request })}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
      syncDirectory(this.#directory);
      syncDirectory(join(this.#directory, '..'));
      return request;
    } catch (cause) {
      rmSync(draft, { force: true });
      throw new ExitRequestError('the request to exit cannot be written', path, cause);
    }
  }

  /** Gone from the disk when it returns. @returns whether there was one @throws ExitRequestError */
  withdraw(pubkey: Pubkey): boolean {
    const path = join(this.#directory, fileOf(pubkey));
    try {
      rmSync(path);
      syncDirectory(this.#directory);
      return true;
    } catch (cause) {
      if ((cause as { code?: unknown }).code === 'ENOENT') return false;
      throw new ExitRequestError('the request to exit cannot be withdrawn', path, cause);
    }
  }

  #files(): string[] {
    try {
      return readdirSync(this.#directory)
        .filter((file) => file.endsWith('.json'))
        .sort();
    } catch {
      return [];
    }
  }

  /** The request; null where there is none; else what is wrong with it. */
  #read(file: string): ExitRequest | string | null {
    let descriptor: number;
    try {
      descriptor = openSync(join(this.#directory, file), READ);
    } catch (error) {
      return (error as { code?: unknown }).code === 'ENOENT' ? null : 'it cannot be opened';
    }
    try {
      const stat = fstatSync(descriptor);
      const { size, mode } = stat;
      if (!stat.isFile()) return 'it is no file';
      if (process.platform !== 'win32' && (mode & 0o022) !== 0) return 'others on this machine may write to it';
      if (size > BYTES_MAX) return 'it is too long';
      return parse(readFileSync(descriptor, 'utf8'), file);
    } catch {
      return 'it cannot be read';
    } finally {
      closeSync(descriptor);
    }
  }
}

/** A node whose operator has no way to ask. */
export const NO_EXIT_REQUESTS: ExitRequests = { all: () => ({ requests: [], bad: [] }), find: () => null };

const fileOf = (pubkey: Pubkey): string => `${pubkey}.json`;

function parse(text: string, file: string): ExitRequest | string {
  const value = JSON.parse(text) as Partial<ExitRequest & { version: unknown }> | null;
  const { version, pubkey, epoch, askedAt } = value ?? {};
  if (version !== 1 || typeof askedAt !== 'string') return 'it is not one that this version writes';
  if (typeof pubkey !== 'string' || !/^0x[0-9a-f]{96}$/.test(pubkey)) return 'it names no public key';
  if (file !== fileOf(pubkey)) return 'its name is not that of its validator';
  if (epoch === null || (Number.isSafeInteger(epoch) && Number(epoch) >= 0)) {
    return { pubkey, epoch: epoch as number | null, askedAt };
  }
  return 'its epoch is none';
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Who owns a data directory, as others may read it. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** The kernel's boot: two processes of the same boot are kept apart by the lock itself. */
  readonly boot: string;
  /** What it runs, `signer` or a command. */
  readonly purpose: string;
  /** ISO 8601. */
  readonly since: string;
  /** Random; tells two owners apart. */
  readonly token: string;
  /** Grows while the owner lives. */
  readonly beats: number;
}

/** The record, or null when there is none or it cannot be read: it informs, the lock decides. */
export function readOwner(path: string): Owner | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null;
    if (typeof value?.token !== 'string' || typeof value.beats !== 'number') return null;
    return {
      pid: Number(value.pid),
      host: String(value.host),
      boot: String(value.boot),
      purpose: String(value.purpose),
      since: String(value.since),
      token: value.token,
      beats: value.beats,
    };
  } catch {
    return null;
  }
}

/** Whole or not at all. Not fsynced: after a crash of the machine there is no owner. */
export function writeOwner(path: string, owner: Owner): void {
  const temporary = `${path}.${owner.token.slice(0, 8)}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

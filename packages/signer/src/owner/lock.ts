import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { OwnerLockError } from './errors.ts';

/** SQLite's result codes for a lock that somebody else holds. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/**
 * A lock that the kernel releases, however its holder ends: an exclusive transaction on an empty SQLite file, which
 * SQLite holds by fcntl(2) and, within one process, by its own books. Nothing is ever written to the file, so a killed
 * holder leaves nothing to recover, and no process id has to be believed.
 *
 * Warning: POSIX drops a process's locks on a file when it closes any descriptor of it. Nothing else may open the file.
 */
export class FileLock {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #identity: string;

  private constructor(path: string, database: DatabaseSync, identity: string) {
    this.path = path;
    this.#database = database;
    this.#identity = identity;
  }

  /**
   * The lock, or null when another holds it.
   *
   * @throws OwnerLockError when the file cannot be a lock at all
   */
  static tryTake(path: string): FileLock | null {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      database.exec('BEGIN EXCLUSIVE');
      return new FileLock(path, database, identityOf(path)!);
    } catch (cause) {
      database?.close();
      const { errcode } = cause as { errcode?: number };
      if (errcode === SQLITE_BUSY || errcode === SQLITE_LOCKED) return null;
      throw new OwnerLockError({ data: { path }, cause });
    }
  }

  /** Whether the path still names the file that is locked. A lock on a file that was replaced excludes nobody. */
  stands(): boolean {
    return identityOf(this.path) === this.#identity;
  }

  release(): void {
    this.#database.close();
  }
}

function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

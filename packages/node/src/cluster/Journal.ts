import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type InstanceId, instanceKey } from '@holdfast/consensus';
import type { Root } from '@holdfast/units';
import { JournalError } from '../errors.ts';

/** What a node must remember of its votes: written before they are sent, read after a crash. */
export interface Restored {
  readonly record: Uint8Array;
  readonly values: (hash: Root) => Uint8Array | undefined;
}

/**
 * The votes of running agreements, on disk (SQLite, WAL, synchronous=FULL: a commit returns when it is durable). One
 * process at a time. A few milliseconds an agreement; what is over is dropped.
 */
export class Journal {
  readonly #db: DatabaseSync;
  readonly #put: StatementSync;
  readonly #keep: StatementSync;
  readonly #get: StatementSync;
  readonly #value: StatementSync;
  readonly #dropRecords: StatementSync;
  readonly #dropValues: StatementSync;

  /** @throws JournalError when the file is another process's, damaged, or of another cluster. */
  constructor(path: string, lockHash: string) {
    try {
      this.#db = new DatabaseSync(path);
      this.#db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      this.#db.exec(`BEGIN EXCLUSIVE;
        CREATE TABLE IF NOT EXISTS cluster (lock_hash TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS votes (instance TEXT PRIMARY KEY, slot INTEGER NOT NULL, record BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS value (instance TEXT, hash TEXT, slot INTEGER NOT NULL, bytes BLOB NOT NULL,
          PRIMARY KEY (instance, hash));
        COMMIT;`);
      this.#bind(lockHash);
      this.#put = this.#db.prepare('INSERT OR REPLACE INTO votes VALUES (?, ?, ?)');
      this.#keep = this.#db.prepare('INSERT OR REPLACE INTO value VALUES (?, ?, ?, ?)');
      this.#get = this.#db.prepare('SELECT record FROM votes WHERE instance = ?');
      this.#value = this.#db.prepare('SELECT bytes FROM value WHERE instance = ? AND hash = ?');
      this.#dropRecords = this.#db.prepare('DELETE FROM votes WHERE slot < ?');
      this.#dropValues = this.#db.prepare('DELETE FROM value WHERE slot < ?');
    } catch (cause) {
      if (cause instanceof JournalError) throw cause;
      throw new JournalError('the journal of votes cannot be opened', path, cause);
    }
  }

  /** Returns when it is on disk. */
  persist(instance: InstanceId, record: Uint8Array, value?: { readonly hash: Root; readonly bytes: Uint8Array }): void {
    const key = instanceKey(instance);
    this.#db.exec('BEGIN');
    try {
      if (value) this.#keep.run(key, value.hash, instance.slot, value.bytes);
      this.#put.run(key, instance.slot, record);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  restore(instance: InstanceId): Restored | undefined {
    const key = instanceKey(instance);
    const found = this.#get.get(key) as { record: Uint8Array } | undefined;
    if (!found) return undefined;
    const values = (hash: Root): Uint8Array | undefined =>
      (this.#value.get(key, hash) as { bytes: Uint8Array } | undefined)?.bytes;
    return { record: found.record, values };
  }

  /** Forgets agreements of slots before `slot`. */
  drop(slot: number): void {
    this.#dropRecords.run(slot);
    this.#dropValues.run(slot);
  }

  close(): void {
    this.#db.close();
  }

  #bind(lockHash: string): void {
    const known = this.#db.prepare('SELECT lock_hash FROM cluster').get() as { lock_hash: string } | undefined;
    if (!known) this.#db.prepare('INSERT INTO cluster VALUES (?)').run(lockHash);
    else if (known.lock_hash !== lockHash) {
      throw new JournalError('the journal of votes is of another cluster', known.lock_hash);
    }
  }
}

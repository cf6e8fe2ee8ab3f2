import { existsSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { ProtectionCorruptError } from '../errors.ts';

/** sqlite.org/fileformat2.html#walformat */
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE = 0x377f0682;
const MAGIC_BIG = 0x377f0683;

export type LogState = 'none' | 'empty' | 'filled';

/**
 * What `meta.log` says of the log beside the file. Whoever copies or restores the file alone would lose, without a word from
 * SQLite, what only the log held. So the file itself says `NEEDED` while the log holds more than the file does: that mark
 * is in the last commit that is folded into the file, and `FOLDED` in the first one that the log holds after it. However
 * the process ends, SQLite either leaves the log, or folds all of it, `FOLDED` included, and removes it.
 */
const CLOSED = 0;
const NEEDED = 1;
const FOLDED = 2;

/** Refuses a file that has lost its log. */
export function requireLog(database: DatabaseSync, path: string, log: LogState): void {
  const value = database.prepare(`SELECT value FROM meta WHERE name = 'log'`).get()?.value;
  const mark = value instanceof Uint8Array ? value[0] : undefined;
  if (mark === CLOSED || mark === FOLDED || (mark === NEEDED && log === 'filled')) return;
  throw new ProtectionCorruptError('the log that belongs beside the database is gone', {
    data: { path: `${path}-wal` },
    fix: 'Put the -wal file back beside the database; a copy of a running database needs both files',
  });
}

/** Folds the log into the file, as every now and then must be done, and begins it anew. */
export function foldLog(database: DatabaseSync): void {
  mark(database, NEEDED);
  database.exec('PRAGMA wal_checkpoint(RESTART)');
  mark(database, FOLDED);
}

/** The last commit before the database is closed in order: SQLite then folds the log and removes it. */
export function markClosed(database: DatabaseSync): void {
  mark(database, CLOSED);
}

function mark(database: DatabaseSync, value: number): void {
  database.prepare(`UPDATE meta SET value = ? WHERE name = 'log'`).run(Buffer.from([value]));
}

/**
 * Looks through the write-ahead log that a killed process has left. SQLite takes the log up to the first frame that is not
 * whole and drops the rest without a word, which is right for the tail of a write that a power cut has torn, and a loss of
 * history where the log was damaged in the middle. The two can be told apart: each commit is fsynced before the next one
 * begins, so at most one commit can be torn. Two or more behind a broken frame were whole once.
 */
export function requireWholeLog(path: string): LogState {
  const log = `${path}-wal`;
  if (!existsSync(log)) return 'none';
  const bytes = readFileSync(log);
  if (bytes.length < HEADER_BYTES) return 'empty';
  const magic = bytes.readUInt32BE(0);
  const sums = new Checksum(bytes, magic === MAGIC_BIG);
  sums.add(0, 24);
  if ((magic !== MAGIC_LITTLE && magic !== MAGIC_BIG) || !sums.isAt(24)) throw damaged(log, 0);
  const frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
  let at = HEADER_BYTES;
  for (; at + frameBytes <= bytes.length && isOfThisLog(bytes, at); at += frameBytes) {
    sums.add(at, 8);
    sums.add(at + FRAME_HEADER_BYTES, frameBytes - FRAME_HEADER_BYTES);
    if (!sums.isAt(at + 16)) break;
  }
  const broken = at;
  let lost = 0;
  for (; at + FRAME_HEADER_BYTES <= bytes.length; at += frameBytes)
    if (isOfThisLog(bytes, at) && bytes.readUInt32BE(at + 4) !== 0) lost += 1;
  if (lost > 1) throw damaged(log, broken);
  return 'filled';
}

/** Whether a frame carries the log's salts; one left over from before the log was last begun anew carries others. */
function isOfThisLog(bytes: Buffer, frame: number): boolean {
  return bytes.compare(bytes, 16, 24, frame + 8, frame + 16) === 0;
}

function damaged(log: string, at: number): ProtectionCorruptError {
  return new ProtectionCorruptError(
    'the log of the protection database is damaged, and commits behind the damage are lost',
    {
      data: { path: log, at },
    },
  );
}

/** The log's running checksum: pairs of 32-bit words, in the byte order that the header names. */
class Checksum {
  readonly #bytes: Buffer;
  readonly #words: DataView;
  readonly #little: boolean;
  #a = 0;
  #b = 0;

  constructor(bytes: Buffer, bigEndian: boolean) {
    this.#bytes = bytes;
    this.#words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#little = !bigEndian;
  }

  add(from: number, length: number): void {
    for (let at = from; at < from + length; at += 8) {
      this.#a = (this.#a + this.#words.getUint32(at, this.#little) + this.#b) >>> 0;
      this.#b = (this.#b + this.#words.getUint32(at + 4, this.#little) + this.#a) >>> 0;
    }
  }

  isAt(at: number): boolean {
    return this.#bytes.readUInt32BE(at) === this.#a && this.#bytes.readUInt32BE(at + 4) === this.#b;
  }
}

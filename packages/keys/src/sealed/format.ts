// The file of a sealed store: lines of JSON, so that it can be looked at, copied and backed up with any tool.
//
//   line 1        header: store id, generation, number of records, which KEK, and the data key, sealed by the KEK
//   line 2        roll: 8 bytes of each public key and 16 of its line's SHA-256, and a MAC over header and roll
//   lines 3…      one record a key, in the order of public keys: what the key is, in the clear, and its sealed secret
//
// The KEK is asked once, for the data key. Two keys are derived from that one: one seals secrets, each bound to its store
// and to all that stands beside it; the other makes the MAC. So a record that was changed, exchanged, brought back from an
// older file, added, removed or cut off does not match the roll, and the roll says which; and the roll cannot be made without the
// KEK. (An older file as a whole is genuine: that cannot be seen from the file.)
import { hash } from 'node:crypto';
import { fromHex, type Pubkey } from '@holdfast/units';
import { StoreFormatError } from './errors.ts';

export const FORMAT = 'holdfast-sealed-keys';
export const VERSION = 1;
/** One million records come to less than this. */
export const FILE_BYTES_MAX = 1024 * 1024 * 1024;

export interface Header {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** 16 random bytes, hex. */
  readonly store: string;
  /** Counts the writes. */
  readonly generation: number;
  readonly records: number;
  readonly kek: { readonly kind: string; readonly label: string };
  /** The sealed data key, base64. */
  readonly key: string;
}

/** What is known about a sealed key. */
export interface KeyRecord {
  readonly pubkey: Pubkey;
  readonly description: string;
  /** EIP-2334 path; empty when it is not known. */
  readonly path: string;
  /** ISO 8601, UTC. */
  readonly importedAt: string;
  /** A disabled key is kept, and not given out by `unseal`. */
  readonly disabled: boolean;
}

/** A record as the file holds it. */
export interface SealedRecord extends KeyRecord {
  /** Nonce, ciphertext and tag, base64. */
  readonly secret: string;
}

export interface Roll {
  /** Base64. */
  readonly entries: string;
  /** HMAC-SHA-256, base64. */
  readonly mac: string;
}

/** The three parts, taken apart but not believed yet. */
export interface SealedFile {
  readonly header: Header;
  readonly headerLine: string;
  readonly roll: Roll;
  readonly lines: readonly string[];
}

export const ROLL_PUBKEY_BYTES = 8;
const ROLL_DIGEST_BYTES = 16;
export const ROLL_ENTRY_BYTES = ROLL_PUBKEY_BYTES + ROLL_DIGEST_BYTES;

/** @throws StoreFormatError */
export function splitFile(bytes: Uint8Array): SealedFile {
  if (bytes.length > FILE_BYTES_MAX) throw new StoreFormatError('is too long', { data: { bytes: bytes.length } });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const [headerLine = '', rollLine = '', ...lines] = text.split('\n');
  // The last line ends, too: what is cut off in it, or follows it, belongs to no record of the roll.
  if (lines.at(-1) === '') lines.pop();
  return { header: headerFrom(headerLine), headerLine, roll: rollFrom(rollLine), lines };
}

export function joinFile(headerLine: string, roll: Roll, lines: readonly string[]): Uint8Array {
  return Buffer.from([headerLine, JSON.stringify(roll), ...lines, ''].join('\n'), 'utf8');
}

function headerFrom(line: string): Header {
  const fields = objectFrom(line, 'header');
  if (fields.format !== FORMAT) throw new StoreFormatError('is no sealed key store');
  if (fields.version !== VERSION) {
    const fix = 'Use the version of Holdfast that wrote it, or a newer one';
    throw new StoreFormatError('has a version that is not known', { data: { version: Number(fields.version) }, fix });
  }
  const { store, generation, records, kek, key } = fields as unknown as Header;
  const counts = [generation, records].every((count) => Number.isSafeInteger(count) && count >= 0);
  const named = typeof kek === 'object' && kek !== null && isText(kek.kind) && isText(kek.label);
  if (!counts || !named || !isText(key) || !isText(store) || !/^[0-9a-f]{32}$/.test(store)) {
    throw new StoreFormatError('has a malformed header');
  }
  return { format: FORMAT, version: VERSION, store, generation, records, kek, key };
}

function rollFrom(line: string): Roll {
  const { entries, mac } = objectFrom(line, 'roll');
  if (!isText(entries) || !isText(mac)) throw new StoreFormatError('has a malformed roll');
  return { entries, mac };
}

/** @throws StoreFormatError; the line is one that the roll vouches for, so this is about another version's doing */
export function recordFrom(line: string): SealedRecord {
  const { pubkey, description, path, importedAt, disabled, secret } = objectFrom(line, 'record');
  const texts = [pubkey, description, path, importedAt, secret].every(isText);
  if (!texts || typeof disabled !== 'boolean') throw new StoreFormatError('has a malformed record');
  return { pubkey, description, path, importedAt, disabled, secret } as SealedRecord;
}

/** A record's line. The fields stand in a fixed order: the same record gives the same line. */
export function lineOf({ pubkey, description, path, importedAt, disabled, secret }: SealedRecord): string {
  return JSON.stringify({ pubkey, description, path, importedAt, disabled, secret });
}

/** All that a secret is bound to. */
export function recordAad(store: string, record: KeyRecord): Uint8Array {
  const { pubkey, description, path, importedAt, disabled } = record;
  return Buffer.from(JSON.stringify([FORMAT, VERSION, store, pubkey, description, path, importedAt, disabled]), 'utf8');
}

/** What the data key is bound to. */
export function dataKeyAad(store: string): Uint8Array {
  return Buffer.from(JSON.stringify([FORMAT, VERSION, store, 'data key']), 'utf8');
}

/** What the roll holds for a line. */
export function rollEntry(pubkey: Pubkey, line: string): Uint8Array {
  const digest = hash('sha256', line, 'buffer');
  return Buffer.concat([fromHex(pubkey).subarray(0, ROLL_PUBKEY_BYTES), digest.subarray(0, ROLL_DIGEST_BYTES)]);
}

function objectFrom(line: string, part: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new StoreFormatError(`has a malformed ${part}`);
}

const isText = (value: unknown): value is string => typeof value === 'string';

import type { RootBytes } from '../logic/exact.ts';
import { toStored } from '../u64.ts';

/** PostgreSQL's type numbers (pg_type.oid) of what is read here. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT4 = 23;

/** How columns are read: given to each connection, so that no other user of the driver in this process can change it. */
export const TYPES = {
  getTypeParser(oid: number): (text: string) => unknown {
    if (oid === BOOL) return (text) => text === 't';
    if (oid === BYTEA) return bytesOf;
    if (oid === INT8) return BigInt;
    if (oid === INT4) return Number;
    return (text) => text;
  },
};

function bytesOf(text: string): Uint8Array {
  // The transaction asks for this form; any other would be misread as hex, silently.
  if (!text.startsWith('\\x')) throw new RangeError('bytes do not come as hex');
  return Buffer.from(text.slice(2), 'hex');
}

/** Arrays as parameters: one per column, turned into rows by `unnest`. Their elements need no escaping. */
export const integers = (values: readonly (bigint | number | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;

/** Slots or epochs. */
export const u64s = (values: readonly bigint[]): string => integers(values.map(toStored));

/** Signing roots as hex, for `decode(…, 'hex')`; an unknown one is empty. */
export const roots = (values: readonly RootBytes[]): string =>
  `{${values.map((root) => (root === null ? '""' : hexOf(root))).join(',')}}`;

/** Public keys as hex, without 0x. */
export const pubkeyTexts = (pubkeys: readonly string[]): string => `{${pubkeys.map((key) => key.slice(2)).join(',')}}`;

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Pubkey, toHex } from '@holdfast/units';
import { StoreTamperedError } from './errors.ts';
import {
  lineOf,
  ROLL_ENTRY_BYTES,
  ROLL_PUBKEY_BYTES,
  type Roll,
  recordFrom,
  rollEntry,
  type SealedFile,
  type SealedRecord,
} from './format.ts';
import { inTurns, RECORDS_PER_TURN } from './turns.ts';

/** The roll of `records` under a header, and their lines. */
export async function makeRoll(
  rollKey: Uint8Array,
  headerLine: string,
  records: readonly SealedRecord[],
): Promise<{ readonly roll: Roll; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const entries = Buffer.alloc(ROLL_ENTRY_BYTES * records.length);
  await inTurns(records, RECORDS_PER_TURN, (record, index) => {
    const line = lineOf(record);
    lines.push(line);
    entries.set(rollEntry(record.pubkey, line), ROLL_ENTRY_BYTES * index);
  });
  const roll = { entries: entries.toString('base64'), mac: macOf(rollKey, headerLine, entries).toString('base64') };
  return { roll, lines };
}

/**
 * The file's records, all of them as they were written.
 * @throws StoreTamperedError which names the keys whose records are not
 */
export async function checkRoll(
  rollKey: Uint8Array,
  { header, headerLine, roll, lines }: SealedFile,
): Promise<SealedRecord[]> {
  const entries = Buffer.from(roll.entries, 'base64');
  const mac = Buffer.from(roll.mac, 'base64');
  const expected = macOf(rollKey, headerLine, entries);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
    throw new StoreTamperedError('its header or roll is not the one that was written', []);
  }
  const wanted = new Map<string, string>();
  for (let at = 0; at < entries.length; at += ROLL_ENTRY_BYTES) {
    const entry = entries.subarray(at, at + ROLL_ENTRY_BYTES);
    wanted.set(entry.toString('latin1'), `${toHex(entry.subarray(0, ROLL_PUBKEY_BYTES))}…`);
  }
  const records: SealedRecord[] = [];
  const strange: string[] = [];
  await inTurns(lines, RECORDS_PER_TURN, (line, index) => {
    const record = knownRecord(wanted, line);
    if (record === undefined) strange.push(`line ${index + 3}`);
    else records.push(record);
  });
  if (wanted.size > 0) {
    throw new StoreTamperedError('records were changed or are missing', [...wanted.values()], { data: { strange } });
  }
  if (strange.length > 0 || records.length !== header.records) {
    throw new StoreTamperedError('records were added', strange);
  }
  return records;
}

/** The record of a line that stands in the roll; each entry serves once. */
function knownRecord(wanted: Map<string, string>, line: string): SealedRecord | undefined {
  let record: SealedRecord;
  try {
    record = recordFrom(line);
  } catch {
    return undefined;
  }
  const pubkey: Pubkey = record.pubkey;
  if (!/^0x[0-9a-f]{96}$/.test(pubkey)) return undefined;
  return wanted.delete(Buffer.from(rollEntry(pubkey, line)).toString('latin1')) ? record : undefined;
}

function macOf(rollKey: Uint8Array, headerLine: string, entries: Uint8Array): Buffer {
  const header = Buffer.from(headerLine, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(header.length));
  return createHmac('sha256', rollKey).update(length).update(header).update(entries).digest();
}

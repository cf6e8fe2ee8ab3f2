import { NODES_MAX } from '../cluster/quorum.ts';
import { ConsensusMessageError } from '../errors.ts';
import type { Envelope } from '../message.ts';
import { Reader, Writer } from './bytes.ts';
import { readInstance, readSigned, SIGNED_BYTES_MAX, writeInstance, writeSigned } from './signed.ts';

const VERSION = 1;
/** A quorum of ROUND-CHANGEs and one of PREPAREs. */
const JUSTIFICATION_MAX = 2 * NODES_MAX;
const HEADER_BYTES = 1 + 32 + 1 + 8 + 2 + 1 + 4;

/** The largest envelope a cluster of `n` sends when its values have at most `valueBytesMax` bytes. */
export function envelopeBytesMax(n: number, valueBytesMax: number): number {
  return HEADER_BYTES + SIGNED_BYTES_MAX * (1 + 2 * n) + valueBytesMax;
}

/**
 * version u8 ‖ lock hash ‖ duty u8 ‖ slot u64 ‖ message ‖ count u16 ‖ justification ‖ has value u8 [‖ length u32 ‖ value].
 * The instance stands once: the messages of the justification are about the same.
 */
export function encodeEnvelope({ lockHash, instance, message, justification, value }: Envelope): Uint8Array {
  const writer = new Writer(256 + justification.length * 128 + (value?.length ?? 0));
  writer.u8(VERSION);
  writeInstance(writer, lockHash, instance);
  writeSigned(writer, message);
  writer.u16(justification.length);
  for (const each of justification) writeSigned(writer, each);
  writer.u8(value === undefined ? 0 : 1);
  if (value !== undefined) writer.u32(value.length).bytes(value);
  return writer.done();
}

/**
 * The envelope in `bytes`: one encoding for each, fields in range, nothing behind it. Signatures and justifications are
 * not checked here. Throws `ConsensusMessageError` (CONSENSUS_MESSAGE), and nothing else, whatever the bytes.
 */
export function decodeEnvelope(bytes: Uint8Array, valueBytesMax: number): Envelope {
  const reader = new Reader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new ConsensusMessageError('an unknown version', { data: { version } });
  const { lockHash, instance } = readInstance(reader);
  const message = readSigned(reader);
  const count = reader.u16();
  if (count > JUSTIFICATION_MAX)
    throw new ConsensusMessageError('the justification is too long', { data: { count, max: JUSTIFICATION_MAX } });
  const justification = Array.from({ length: count }, () => readSigned(reader));
  const flag = reader.u8();
  if (flag > 1) throw new ConsensusMessageError('a flag is neither 0 nor 1', { data: { flag } });
  const length = flag === 1 ? reader.u32() : 0;
  if (length > valueBytesMax)
    throw new ConsensusMessageError('the value is too large', { data: { length, max: valueBytesMax } });
  const value = flag === 1 ? reader.bytes(length) : undefined;
  reader.end();
  return { lockHash, instance, message, justification, ...(value === undefined ? {} : { value }) };
}

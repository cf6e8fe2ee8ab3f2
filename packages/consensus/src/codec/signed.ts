import { type Root, slot } from '@holdfast/units';
import { DUTY_CODES, dutyOfCode } from '../cluster/duties.ts';
import { NODES_MAX } from '../cluster/quorum.ts';
import { ROUND_MAX } from '../cluster/schedule.ts';
import { ConsensusMessageError } from '../errors.ts';
import { type InstanceId, MESSAGE_TYPES, type Message, NO_VALUE, type SignedMessage } from '../message.ts';
import { type Reader, Writer } from './bytes.ts';

/** Keeps these signatures apart from all others that a node's identity key makes. */
const DOMAIN = new TextEncoder().encode('holdfast/qbft/v1');
const BODY_BYTES = 38;
/** Ed25519 and secp256k1 take 64, DER-coded ECDSA up to 72. */
export const SIGNATURE_BYTES_MAX = 96;
/** The most that one signed message takes on the wire. */
export const SIGNED_BYTES_MAX = BODY_BYTES + 1 + SIGNATURE_BYTES_MAX;

/** What every signature of an instance begins with: the domain, the cluster and the instance. */
export function instancePrefix(lockHash: Root, { duty, slot }: InstanceId): Uint8Array {
  return new Writer(64).bytes(DOMAIN).root(lockHash).u8(DUTY_CODES[duty]).u64(slot).done();
}

/** The bytes that a message's sender signs: `instancePrefix`, then type, sender, round, prepared round, value hash. */
export function signingBytes(prefix: Uint8Array, message: Message): Uint8Array {
  const bytes = Buffer.allocUnsafe(prefix.length + BODY_BYTES);
  bytes.set(prefix, 0);
  const at = prefix.length;
  bytes[at] = MESSAGE_TYPES.indexOf(message.type) + 1;
  bytes[at + 1] = message.sender;
  bytes.writeUInt16BE(message.round, at + 2);
  bytes.writeUInt16BE(message.preparedRound, at + 4);
  bytes.write(message.valueHash.slice(2), at + 6, 32, 'hex');
  return bytes;
}

export function writeInstance(writer: Writer, lockHash: Root, { duty, slot }: InstanceId): void {
  writer.root(lockHash).u8(DUTY_CODES[duty]).u64(slot);
}

export function readInstance(reader: Reader): { readonly lockHash: Root; readonly instance: InstanceId } {
  const lockHash = reader.root();
  const code = reader.u8();
  const duty = dutyOfCode(code);
  if (duty === undefined) throw new ConsensusMessageError('there is no such duty', { data: { code } });
  return { lockHash, instance: { duty, slot: slot(reader.u64()) } };
}

export function writeSigned(writer: Writer, message: SignedMessage): void {
  writer
    .u8(MESSAGE_TYPES.indexOf(message.type) + 1)
    .u8(message.sender)
    .u16(message.round)
    .u16(message.preparedRound)
    .root(message.valueHash)
    .u8(message.signature.length)
    .bytes(message.signature);
}

/** A signed message whose fields are in range and agree with each other. The signature is not checked. */
export function readSigned(reader: Reader): SignedMessage {
  const code = reader.u8();
  const type = MESSAGE_TYPES[code - 1];
  if (type === undefined) throw new ConsensusMessageError('there is no such message type', { data: { code } });
  const sender = reader.u8();
  const round = reader.u16();
  const preparedRound = reader.u16();
  const valueHash = reader.root();
  const length = reader.u8();
  const message = { type, sender, round, preparedRound, valueHash };
  const wrong = wrongWith(message, length);
  if (wrong !== undefined)
    throw new ConsensusMessageError(wrong, { data: { type, sender, round, preparedRound, signatureBytes: length } });
  return { ...message, signature: reader.bytes(length) };
}

function wrongWith({ type, sender, round, preparedRound, valueHash }: Message, length: number): string | undefined {
  if (sender >= NODES_MAX) return 'the sender is out of range';
  if (round < 1 || round > ROUND_MAX) return 'the round is out of range';
  if (length === 0 || length > SIGNATURE_BYTES_MAX) return 'the signature is of no possible length';
  const isRoundChange = type === 'ROUND-CHANGE';
  if (isRoundChange ? preparedRound >= round : preparedRound !== 0) return 'the prepared round is out of range';
  const empty = valueHash === NO_VALUE;
  return empty !== (isRoundChange && preparedRound === 0) ? 'the value hash does not fit the type' : undefined;
}

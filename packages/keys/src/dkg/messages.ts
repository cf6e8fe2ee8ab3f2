import { MalformedError, Reader, strictlyAscending, Writer } from './codec.ts';
import { IDENTITY_SIGNATURE_BYTES, type IdentitySignature } from './identity.ts';

/** Number of a node in a ceremony: 1…parties. */
export type Party = number;

/** What is broadcast, each once by whoever has something to say. */
export const PHASES = ['deal', 'complain', 'justify'] as const;
export type Phase = (typeof PHASES)[number];

export const HASH_BYTES = 32;

/** Who vouches for having seen a value: the origin itself, and those that pass it on. */
export type Vouchers = ReadonlyMap<Party, IdentitySignature>;

/** A dealer's shares for the receiver, one for each validator. The transport encrypts. */
export interface SharesMessage {
  readonly kind: 'shares';
  readonly shares: readonly Uint8Array[];
}

/** A broadcast value itself. */
export interface ValueMessage {
  readonly kind: 'value';
  readonly phase: Phase;
  readonly origin: Party;
  readonly payload: Uint8Array;
  readonly vouchers: Vouchers;
}

/** What the sender took in during the round before, by hash. */
export interface EchoMessage {
  readonly kind: 'echo';
  readonly phase: Phase;
  readonly round: number;
  readonly entries: readonly EchoEntry[];
}

export interface EchoEntry {
  readonly origin: Party;
  readonly hash: Uint8Array;
  readonly vouchers: Vouchers;
}

/** Asks one that vouched for a value to send it. */
export interface WantMessage {
  readonly kind: 'want';
  readonly phase: Phase;
  readonly origin: Party;
  readonly hash: Uint8Array;
}

/** The sender's transcript, signed, and its partial signatures over what the ceremony signs. */
export interface ConfirmMessage {
  readonly kind: 'confirm';
  readonly transcriptHash: Uint8Array;
  readonly signature: IdentitySignature;
  readonly partials: readonly Uint8Array[];
}

/** The sender's part of the lock's aggregate signature. */
export interface SealMessage {
  readonly kind: 'seal';
  readonly signature: Uint8Array;
}

export type Message = SharesMessage | ValueMessage | EchoMessage | WantMessage | ConfirmMessage | SealMessage;

/** What bounds the messages of one ceremony. */
export interface MessageLimits {
  readonly parties: number;
  readonly rounds: number;
  /** Exact number of shares in a `shares` message. */
  readonly shares: number;
  /** Exact number of partial signatures in a `confirm` message of one who holds shares; others send none. */
  readonly partials: number;
  /** Longest payload of a phase, in bytes. */
  readonly payloadMax: Readonly<Record<Phase, number>>;
}

const KINDS = ['shares', 'value', 'echo', 'want', 'confirm', 'seal'] as const;
const SCALAR_BYTES = 32;
const BLS_BYTES = 96;
/** Two hashes of one origin prove that it equivocated; more prove nothing more. */
const ENTRIES_PER_ORIGIN_MAX = 2;

/** No message of the ceremony is longer. A transport refuses longer frames unread. */
export function messageBytesMax(limits: MessageLimits): number {
  const vouchers = 1 + limits.parties * (1 + IDENTITY_SIGNATURE_BYTES);
  const value = Math.max(...Object.values(limits.payloadMax)) + vouchers + 3;
  const echo = 4 + ENTRIES_PER_ORIGIN_MAX * limits.parties * (1 + HASH_BYTES + vouchers);
  const confirm = 1 + HASH_BYTES + IDENTITY_SIGNATURE_BYTES + 1 + limits.partials * BLS_BYTES;
  return Math.max(value, echo, confirm, 1 + limits.shares * SCALAR_BYTES);
}

export function encodeMessage(message: Message): Uint8Array {
  const out = new Writer().u8(KINDS.indexOf(message.kind));
  switch (message.kind) {
    case 'shares':
      return out.bytes(...message.shares).done();
    case 'value':
      writePlace(out, message);
      writeVouchers(out, message.vouchers);
      return out.bytes(message.payload).done();
    case 'echo':
      out.u8(PHASES.indexOf(message.phase)).u8(message.round).u8(message.entries.length);
      for (const { origin, hash, vouchers } of message.entries) writeVouchers(out.u8(origin).bytes(hash), vouchers);
      return out.done();
    case 'want':
      return writePlace(out, message).bytes(message.hash).done();
    case 'confirm':
      return out.bytes(message.transcriptHash, message.signature, ...message.partials).done();
    case 'seal':
      return out.bytes(message.signature).done();
  }
}

/** Strict: whatever `encodeMessage` would not have written within the limits is refused. @throws MalformedError */
export function decodeMessage(bytes: Uint8Array, limits: MessageLimits): Message {
  if (bytes.length > messageBytesMax(limits)) throw new MalformedError('too long');
  const reader = new Reader(bytes);
  const message = readMessage(reader, KINDS[reader.u8(0, KINDS.length - 1)]!, limits);
  reader.end();
  return message;
}

function readMessage(reader: Reader, kind: Message['kind'], limits: MessageLimits): Message {
  switch (kind) {
    case 'shares':
      return { kind, shares: Array.from({ length: limits.shares }, () => reader.bytes(SCALAR_BYTES)) };
    case 'value': {
      const place = readPlace(reader, limits);
      const vouchers = readVouchers(reader, limits);
      if (reader.left > limits.payloadMax[place.phase]) throw new MalformedError('payload too long');
      return { kind, ...place, vouchers, payload: reader.rest() };
    }
    case 'echo': {
      const phase = PHASES[reader.u8(0, PHASES.length - 1)]!;
      const round = reader.u8(1, limits.rounds - 1);
      const count = reader.u8(0, Math.min(255, ENTRIES_PER_ORIGIN_MAX * limits.parties));
      const entries = Array.from({ length: count }, () => ({
        origin: reader.u8(1, limits.parties),
        hash: reader.bytes(HASH_BYTES),
        vouchers: readVouchers(reader, limits),
      }));
      return { kind, phase, round, entries };
    }
    case 'want':
      return { kind, ...readPlace(reader, limits), hash: reader.bytes(HASH_BYTES) };
    case 'confirm': {
      const transcriptHash = reader.bytes(HASH_BYTES);
      const signature = reader.bytes(IDENTITY_SIGNATURE_BYTES);
      const count = reader.left === 0 ? 0 : limits.partials;
      return {
        kind,
        transcriptHash,
        signature,
        partials: Array.from({ length: count }, () => reader.bytes(BLS_BYTES)),
      };
    }
    case 'seal':
      return { kind, signature: reader.bytes(BLS_BYTES) };
  }
}

function writePlace(out: Writer, place: { readonly phase: Phase; readonly origin: Party }): Writer {
  return out.u8(PHASES.indexOf(place.phase)).u8(place.origin);
}

function readPlace(reader: Reader, limits: MessageLimits): { phase: Phase; origin: Party } {
  return { phase: PHASES[reader.u8(0, PHASES.length - 1)]!, origin: reader.u8(1, limits.parties) };
}

function writeVouchers(out: Writer, vouchers: Vouchers): void {
  out.u8(vouchers.size);
  for (const [party, signature] of [...vouchers].sort(([a], [b]) => a - b)) out.u8(party).bytes(signature);
}

function readVouchers(reader: Reader, limits: MessageLimits): Vouchers {
  const count = reader.u8(1, limits.parties);
  const vouchers = Array.from(
    { length: count },
    () => [reader.u8(1, limits.parties), reader.bytes(IDENTITY_SIGNATURE_BYTES)] as const,
  );
  strictlyAscending(vouchers.map(([party]) => party));
  return new Map(vouchers);
}

import { hashValue } from '../codec/hash.ts';
import { signingBytes } from '../codec/signed.ts';
import type { Authenticator, Envelope, SignedMessage } from '../message.ts';
import type { Book } from './Book.ts';
import type { DropReason } from './effects.ts';
import { isJustified, type Judge } from './justification.ts';

export interface IntakeContext {
  readonly self: number;
  readonly judge: Judge;
  readonly book: Book;
  readonly authenticator: Authenticator;
  readonly prefix: Uint8Array;
  readonly roundMax: number;
  readonly valueBytesMax: number;
}

/** What is cheap to tell of an envelope from `from`: whose it is, whether it is old, whether its parts can be right. */
export function refusalAtSight(context: IntakeContext, from: number, envelope: Envelope): DropReason | undefined {
  const { judge, book, roundMax, valueBytesMax } = context;
  const { message, justification, value } = envelope;
  if (message.sender !== from || from === context.self) return 'impersonation';
  if (!(from >= 0 && from < judge.nodes)) return 'malformed';
  if (message.round > roundMax) return 'future';
  if (book.hasDirect(message) && message.type !== 'DECIDED') return 'replayed';
  if (justification.length > 2 * judge.nodes) return 'oversize';
  if ((value?.length ?? 0) > valueBytesMax) return 'oversize';
  const carriesValue = message.type !== 'PREPARE' && message.type !== 'COMMIT';
  if (value !== undefined && !carriesValue) return 'malformed';
  if (value === undefined && message.type === 'PRE-PREPARE') return 'malformed';
  return undefined;
}

/** What only hashing and signatures tell. Signatures come last: they cost the most. */
export function refusalAtLength(context: IntakeContext, envelope: Envelope): DropReason | undefined {
  const { message, justification, value } = envelope;
  if (!isJustified(context.judge, envelope)) return 'unjustified';
  if (value !== undefined && hashValue(value) !== message.valueHash) return 'wrongValue';
  if (!isSigned(context, message) || !justification.every((each) => isSigned(context, each))) return 'badSignature';
  return undefined;
}

export function isSigned({ judge, book, authenticator, prefix }: IntakeContext, message: SignedMessage): boolean {
  if (message.sender >= judge.nodes) return false;
  if (book.knows(message)) return true;
  return judge.rules.verify(authenticator, message.sender, signingBytes(prefix, message), message.signature);
}

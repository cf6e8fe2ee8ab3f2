import type { Root } from '@holdfast/units';
import { Reader, Writer } from './codec/bytes.ts';
import { instancePrefix, readInstance, readSigned, signingBytes, writeInstance, writeSigned } from './codec/signed.ts';
import { ConsensusMessageError } from './errors.ts';
import { type Authenticator, type InstanceId, type SignedMessage, saysTheSame } from './message.ts';

/**
 * - `equivocation`: two different messages of one type in one round.
 * - `contradiction`: PRE-PREPARE, PREPARE or COMMIT for different values in one round. An honest leader prepares what it
 *   proposed, an honest node commits to what it prepared.
 * - `amnesia`: a COMMIT, then a ROUND-CHANGE to a later round that does not know of it.
 */
export type EvidenceKind = 'equivocation' | 'contradiction' | 'amnesia';

/** Two messages that no honest node signs both, not even one that crashed and came back with its disk. */
export interface Evidence {
  readonly kind: EvidenceKind;
  readonly lockHash: Root;
  readonly instance: InstanceId;
  /** The node that signed both. */
  readonly culprit: number;
  readonly messages: readonly [SignedMessage, SignedMessage];
}

/** What two messages of one instance prove together, if anything. Signatures are not looked at. */
export function conflictOf(a: SignedMessage, b: SignedMessage): EvidenceKind | undefined {
  if (a.sender !== b.sender) return undefined;
  // Nodes tell of a decision as often as they are asked, by whatever quorum they have: no two DECIDED are a crime.
  if (a.type === 'DECIDED' || b.type === 'DECIDED') return undefined;
  if (a.round === b.round && a.type === b.type) return saysTheSame(a, b) ? undefined : 'equivocation';
  if (a.type === 'ROUND-CHANGE' || b.type === 'ROUND-CHANGE')
    return isAmnesia(a, b) || isAmnesia(b, a) ? 'amnesia' : undefined;
  return a.round === b.round && a.valueHash !== b.valueHash ? 'contradiction' : undefined;
}

function isAmnesia(commit: SignedMessage, change: SignedMessage): boolean {
  if (commit.type !== 'COMMIT' || change.type !== 'ROUND-CHANGE' || change.round <= commit.round) return false;
  if (change.preparedRound < commit.round) return true;
  return change.preparedRound === commit.round && change.valueHash !== commit.valueHash;
}

/**
 * Whether the evidence holds for anyone who knows the cluster: the culprit really signed both, and they conflict. Check
 * that `lockHash` is your cluster's before you act on it.
 */
export function checkEvidence(evidence: Evidence, verify: Authenticator['verify']): boolean {
  const { lockHash, instance, culprit, messages, kind } = evidence;
  const prefix = instancePrefix(lockHash, instance);
  if (conflictOf(...messages) !== kind) return false;
  return messages.every(
    (message) => message.sender === culprit && verify(culprit, signingBytes(prefix, message), message.signature),
  );
}

/** For the record and for other clients: lock hash ‖ duty ‖ slot ‖ message ‖ message. The kind and culprit follow. */
export function encodeEvidence({ lockHash, instance, messages }: Evidence): Uint8Array {
  const writer = new Writer();
  writeInstance(writer, lockHash, instance);
  for (const message of messages) writeSigned(writer, message);
  return writer.done();
}

/** Throws `ConsensusMessageError` unless the bytes are two messages that conflict; `checkEvidence` tells whether they are signed. */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  const reader = new Reader(bytes);
  const { lockHash, instance } = readInstance(reader);
  const messages = [readSigned(reader), readSigned(reader)] as const;
  reader.end();
  const kind = conflictOf(...messages);
  if (kind === undefined) throw new ConsensusMessageError('these messages do not conflict');
  return { kind, lockHash, instance, culprit: messages[0].sender, messages };
}

/**
 * Who is to blame for two decisions of one instance in one round: every node that committed to both, at least
 * 2q − n of them. Only a fault of more than f nodes makes this happen.
 */
export function blameForFork(
  lockHash: Root,
  instance: InstanceId,
  proofs: readonly [readonly SignedMessage[], readonly SignedMessage[]],
): Evidence[] {
  return proofs[0].flatMap((first) => {
    const second = proofs[1].find(({ sender }) => sender === first.sender);
    const kind = second && conflictOf(first, second);
    return kind ? [{ kind, lockHash, instance, culprit: first.sender, messages: [first, second] as const }] : [];
  });
}

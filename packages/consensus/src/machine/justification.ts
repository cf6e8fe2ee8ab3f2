import type { Root } from '@holdfast/units';
import type { Envelope, Message, MessageType, SignedMessage } from '../message.ts';
import type { Rules } from './rules.ts';

/** What a justification is judged by. Signatures are checked apart from it. */
export interface Judge {
  readonly nodes: number;
  readonly quorum: number;
  readonly rules: Rules;
  readonly leader: (round: number) => number;
}

/** Whether the messages are votes of a quorum for one value in one round, and nothing else. */
function isQuorum(
  judge: Judge,
  messages: readonly Message[],
  type: MessageType,
  round: number,
  valueHash: Root,
): boolean {
  return (
    messages.every((each) => each.type === type && each.round === round && each.valueHash === valueHash) &&
    judge.rules.votes(messages) >= judge.quorum
  );
}

/**
 * Whether the envelope's justification allows its message (arXiv 2002.03613, algorithm 4; the first round needs none). The
 * signatures are taken for granted.
 */
export function isJustified(judge: Judge, { message, justification }: Envelope): boolean {
  const { type, round, sender, valueHash, preparedRound } = message;
  switch (type) {
    case 'PRE-PREPARE':
      return sender === judge.leader(round) && isJustifiedProposal(judge, message, justification);
    case 'PREPARE': {
      const [proposal, ...others] = justification;
      if (proposal === undefined || others.length > 0 || proposal.type !== 'PRE-PREPARE') return false;
      return proposal.sender === judge.leader(round) && proposal.round === round && proposal.valueHash === valueHash;
    }
    case 'COMMIT':
      return justification.length === 0;
    case 'ROUND-CHANGE':
      if (round < 2 || preparedRound >= round) return false;
      if (preparedRound === 0) return justification.length === 0;
      return isQuorum(judge, justification, 'PREPARE', preparedRound, valueHash);
    case 'DECIDED':
      return isQuorum(judge, justification, 'COMMIT', round, valueHash);
  }
}

/** A leader is free to propose unless some quorum of ROUND-CHANGEs knows a prepared value: then that of the highest round. */
function isJustifiedProposal(judge: Judge, proposal: Message, justification: readonly SignedMessage[]): boolean {
  if (proposal.round === 1) return justification.length === 0;
  if (!judge.rules.justifiesProposals) return true;
  const changes = justification.filter(({ type }) => type === 'ROUND-CHANGE');
  if (changes.some(({ round, preparedRound }) => round !== proposal.round || preparedRound >= round)) return false;
  if (judge.rules.votes(changes) < judge.quorum) return false;
  const prepares = justification.filter(({ type }) => type !== 'ROUND-CHANGE');
  const highest = judge.rules.highestPrepared(changes);
  if (highest === undefined) return true;
  return isQuorum(judge, prepares, 'PREPARE', highest.preparedRound, proposal.valueHash);
}

/** What a new leader may choose from: ROUND-CHANGEs with the PREPAREs that prove them. */
export interface ProvenChange {
  readonly message: SignedMessage;
  readonly prepares: readonly SignedMessage[];
}

/** What a leader proposes after a change of rounds: the highest prepared value, or its own when `prepared` is undefined. */
export interface Choice {
  readonly prepared: Message | undefined;
  readonly justification: readonly SignedMessage[];
}

/** The choice that the ROUND-CHANGEs of one round leave, or undefined while they are no quorum. */
export function choiceFrom(judge: Judge, changes: readonly ProvenChange[]): Choice | undefined {
  if (changes.length < judge.quorum) return undefined;
  const taken = changes.toSorted((a, b) => b.message.preparedRound - a.message.preparedRound).slice(0, judge.quorum);
  const messages = taken.map(({ message }) => message);
  const prepared = judge.rules.highestPrepared(messages);
  const prepares = taken.find(({ message }) => message === prepared)?.prepares ?? [];
  return { prepared, justification: [...messages, ...prepares] };
}

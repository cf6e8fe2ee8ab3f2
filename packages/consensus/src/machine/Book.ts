import type { Root } from '@holdfast/units';
import { conflictOf } from '../evidence.ts';
import { type MessageType, type SignedMessage, saysTheSame } from '../message.ts';

const TYPE_INDEX: Readonly<Record<MessageType, number>> = {
  'PRE-PREPARE': 0,
  PREPARE: 1,
  COMMIT: 2,
  'ROUND-CHANGE': 3,
  DECIDED: 4,
};

/** What a node can contradict itself by within a round. */
const VOTES = ['PRE-PREPARE', 'PREPARE', 'COMMIT', 'ROUND-CHANGE'] as const;

/**
 * Every verified message of an instance, the first of each sender, type and round: so many and no more, however much is
 * sent. A message that conflicts with one of them is told.
 */
export class Book {
  readonly #nodes: number;
  readonly #changes: number[] = [];
  readonly #first = new Map<number, SignedMessage>();
  /** Those that came from their sender itself, not in another's justification. */
  readonly #direct = new Set<number>();

  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  get size(): number {
    return this.#first.size;
  }

  get(type: MessageType, round: number, sender: number): SignedMessage | undefined {
    return this.#first.get(this.#key(type, round, sender));
  }

  /** Whether this very message, signature included, was verified before. */
  knows(message: SignedMessage): boolean {
    const known = this.get(message.type, message.round, message.sender);
    return (
      known !== undefined && saysTheSame(known, message) && Buffer.compare(known.signature, message.signature) === 0
    );
  }

  /** Whether its sender has itself sent a message of this type in this round, and the same. */
  hasDirect(message: SignedMessage): boolean {
    if (!this.#direct.has(this.#key(message.type, message.round, message.sender))) return false;
    return saysTheSame(this.get(message.type, message.round, message.sender)!, message);
  }

  markDirect({ type, round, sender }: SignedMessage): void {
    this.#direct.add(this.#key(type, round, sender));
  }

  /** Writes down a verified message, and gives an earlier one of the same sender with which it conflicts. */
  note(message: SignedMessage): SignedMessage | undefined {
    const { type, round, sender } = message;
    const key = this.#key(type, round, sender);
    const known = this.#first.get(key);
    if (known !== undefined && saysTheSame(known, message)) return undefined;
    if (known === undefined) this.#first.set(key, message);
    if (type === 'ROUND-CHANGE') this.#changes[sender] = Math.max(round, this.highestChange(sender));
    return this.conflicting(message);
  }

  /** What its sender has said before that no honest node says beside this, if anything. */
  conflicting(message: SignedMessage): SignedMessage | undefined {
    const { type, round, sender } = message;
    for (const other of VOTES) {
      const known = this.get(other, round, sender);
      if (known !== undefined && conflictOf(known, message) !== undefined) return known;
    }
    if (type === 'COMMIT') return this.#conflictIn('ROUND-CHANGE', round + 1, this.highestChange(sender), message);
    return type === 'ROUND-CHANGE' ? this.#conflictIn('COMMIT', 1, round - 1, message) : undefined;
  }

  /** The votes for a value in a round. */
  votes(type: MessageType, round: number, valueHash: Root): SignedMessage[] {
    const votes: SignedMessage[] = [];
    for (let sender = 0; sender < this.#nodes; sender += 1) {
      const vote = this.get(type, round, sender);
      if (vote?.valueHash === valueHash) votes.push(vote);
    }
    return votes;
  }

  /** The latest round that a sender has changed to, or 0. */
  highestChange(sender: number): number {
    return this.#changes[sender] ?? 0;
  }

  #conflictIn(type: MessageType, from: number, to: number, message: SignedMessage): SignedMessage | undefined {
    for (let round = from; round <= to; round += 1) {
      const known = this.get(type, round, message.sender);
      if (known !== undefined && conflictOf(known, message) !== undefined) return known;
    }
    return undefined;
  }

  #key(type: MessageType, round: number, sender: number): number {
    return (round * 8 + TYPE_INDEX[type]) * 256 + sender;
  }
}

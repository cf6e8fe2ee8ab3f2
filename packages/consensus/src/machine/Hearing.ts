import type { Root } from '@holdfast/units';
import { leaderOf } from '../cluster/leader.ts';
import { ROUND_MAX } from '../cluster/schedule.ts';
import { conflictOf, type Evidence } from '../evidence.ts';
import type { Envelope, SignedMessage } from '../message.ts';
import { Book } from './Book.ts';
import type { DropReason } from './effects.ts';
import { type IntakeContext, isSigned, refusalAtLength, refusalAtSight } from './intake.ts';
import { type Choice, choiceFrom, type Judge, type ProvenChange } from './justification.ts';
import type { AgreementOptions } from './options.ts';
import { RULES } from './rules.ts';

/** Messages of one peer in one instance that are looked at closely. An honest peer sends at most 4 a round, a few twice. */
const PEER_MESSAGES_MAX = 6 * ROUND_MAX;

/** A justified PRE-PREPARE with its value. */
export interface Proposal {
  readonly message: SignedMessage;
  readonly value: Uint8Array;
  /** The verdict of external validity, once it was asked. */
  valid?: boolean;
}

/** A quorum of COMMITs: a decision, whether its value is known yet or not. */
export interface Certificate {
  readonly round: number;
  readonly valueHash: Root;
  readonly commits: readonly SignedMessage[];
}

/** All that a node has heard in an instance, itself included: nothing gets in that is not signed, justified and in bounds. */
export class Hearing {
  readonly book: Book;
  readonly judge: Judge;
  /** By round. */
  readonly proposals = new Map<number, Proposal>();
  readonly values = new Map<Root, Uint8Array>();
  /** The first decision heard of. */
  certificate: Certificate | undefined;
  /** A decision of something else: more than f nodes are traitors, and nothing here can be trusted any more. */
  fork: Certificate | undefined;
  readonly #options: AgreementOptions;
  readonly #context: IntakeContext;
  readonly #changes = new Map<number, Map<number, ProvenChange>>();
  readonly #messagesFrom: number[];
  /** Votes that added nothing, unverified: should their sender contradict them, they are evidence. By type, round, sender. */
  readonly #unread = new Map<string, SignedMessage>();
  readonly #accused = new Set<string>();
  readonly #accuse: (evidence: Evidence) => void;

  constructor(options: AgreementOptions, prefix: Uint8Array, accuse: (evidence: Evidence) => void) {
    const { cluster, instance, authenticator, valueBytesMax, rules = RULES } = options;
    const { nodes, self } = cluster;
    this.#options = options;
    this.#accuse = accuse;
    this.book = new Book(nodes);
    this.judge = { nodes, quorum: rules.quorum(nodes), rules, leader: (round) => leaderOf(instance, round, nodes) };
    const { judge, book } = this;
    this.#context = { self, judge, book, authenticator, prefix, roundMax: ROUND_MAX, valueBytesMax };
    this.#messagesFrom = Array.from({ length: nodes }, () => 0);
  }

  /** Takes a peer's envelope in, or says why not. */
  receive(from: number, envelope: Envelope, decided: Root | undefined): DropReason | undefined {
    const refusal = this.#refusal(from, envelope, decided);
    if (refusal !== undefined) return refusal;
    const { message, justification } = envelope;
    if (this.judge.rules.comparesQuotes) for (const each of justification) this.note(each);
    if (!this.note(message)) return 'equivocation';
    this.book.markDirect(message);
    this.#take(envelope);
    return undefined;
  }

  /** Writes a verified message down; false when its sender has said something else in its place before. */
  note(message: SignedMessage): boolean {
    this.#read(message);
    const earlier = this.book.note(message);
    if (message.type === 'COMMIT') this.#tally(message.round, message.valueHash);
    if (earlier === undefined) return true;
    const kind = conflictOf(earlier, message)!;
    const once = `${kind}/${message.sender}`;
    if (!this.#accused.has(once)) {
      this.#accused.add(once);
      const { cluster, instance } = this.#options;
      const messages = [earlier, message] as const;
      this.#accuse({ kind, lockHash: cluster.lockHash, instance, culprit: message.sender, messages });
    }
    return kind !== 'equivocation';
  }

  learn(hash: Root, value: Uint8Array | undefined): void {
    if (value !== undefined && !this.values.has(hash)) this.values.set(hash, value);
  }

  holdChange(change: ProvenChange): void {
    const { round, sender } = change.message;
    const ofRound = this.#changes.get(round) ?? new Map<number, ProvenChange>();
    ofRound.set(sender, change);
    this.#changes.set(round, ofRound);
  }

  /** What the leader of a round may propose, by the ROUND-CHANGEs heard; undefined while it must wait. */
  choice(round: number): Choice | undefined {
    if (round === 1) return { prepared: undefined, justification: [] };
    // A change whose value did not come along cannot be followed; the honest send theirs.
    const changes = [...(this.#changes.get(round)?.values() ?? [])].filter(
      ({ message }) => message.preparedRound === 0 || this.values.has(message.valueHash),
    );
    return choiceFrom(this.judge, changes);
  }

  #refusal(from: number, envelope: Envelope, decided: Root | undefined): DropReason | undefined {
    const { cluster, instance } = this.#options;
    if (envelope.lockHash !== cluster.lockHash) return 'wrongCluster';
    if (envelope.instance.slot !== instance.slot || envelope.instance.duty !== instance.duty) return 'unknownInstance';
    const atSight = refusalAtSight(this.#context, from, envelope);
    if (atSight !== undefined) return atSight;
    const { message } = envelope;
    if (message.type === 'DECIDED' && message.valueHash === decided) return 'replayed';
    const messages = this.#messagesFrom[from]! + 1;
    this.#messagesFrom[from] = messages;
    if (messages > PEER_MESSAGES_MAX) return 'flood';
    if (this.#isSuperfluous(message)) {
      const key = `${message.type}/${message.round}/${message.sender}`;
      if (!this.#unread.has(key)) this.#unread.set(key, message);
      return 'stale';
    }
    return refusalAtLength(this.#context, envelope);
  }

  /**
   * Whether a vote adds nothing: a quorum has voted so, and nothing that its sender has said before speaks against it. Its
   * signature, which is what a vote costs, is not looked at.
   */
  #isSuperfluous(message: SignedMessage): boolean {
    const { type, round, sender, valueHash } = message;
    if (type !== 'PREPARE' && type !== 'COMMIT') return false;
    if (this.book.get(type, round, sender) || this.book.conflicting(message)) return false;
    return this.book.votes(type, round, valueHash).length >= this.judge.quorum;
  }

  /** Looks at what a sender's vote contradicts among those that were not worth it when they came. */
  #read(message: SignedMessage): void {
    for (const [key, unread] of this.#unread) {
      if (conflictOf(unread, message) === undefined) continue;
      this.#unread.delete(key);
      if (isSigned(this.#context, unread)) this.note(unread);
    }
  }

  #take({ message, justification, value }: Envelope): void {
    const { type, round, valueHash } = message;
    if (type === 'PRE-PREPARE') {
      this.proposals.set(round, { message, value: value! });
      this.learn(valueHash, value);
    } else if (type === 'ROUND-CHANGE') {
      if (this.judge.leader(round) === this.#options.cluster.self) this.learn(valueHash, value);
      this.holdChange({ message, prepares: justification });
    } else if (type === 'DECIDED') {
      this.learn(valueHash, value);
      this.#certify({ round, valueHash, commits: justification });
    }
  }

  #tally(round: number, valueHash: Root): void {
    const commits = this.book.votes('COMMIT', round, valueHash);
    if (commits.length >= this.judge.quorum) this.#certify({ round, valueHash, commits });
  }

  #certify(certificate: Certificate): void {
    this.certificate ??= certificate;
    if (certificate.valueHash !== this.certificate.valueHash) this.fork ??= certificate;
  }
}

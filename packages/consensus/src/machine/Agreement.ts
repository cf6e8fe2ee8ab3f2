import type { Root } from '@holdfast/units';
import { leaderOf } from '../cluster/leader.ts';
import { faultyMax } from '../cluster/quorum.ts';
import { checkedSchedule, ROUND_MAX, type RoundSchedule, roundEndMs } from '../cluster/schedule.ts';
import { hashValue } from '../codec/hash.ts';
import { signingBytes } from '../codec/signed.ts';
import { ConsensusConfigError } from '../errors.ts';
import { conflictOf } from '../evidence.ts';
import {
  type Authenticator,
  type Cluster,
  type Envelope,
  type InstanceId,
  type MessageType,
  NO_VALUE,
  type SignedMessage,
} from '../message.ts';
import { Ballot } from './Ballot.ts';
import { Book } from './Book.ts';
import type { Decision, DropReason, Effect, Input } from './effects.ts';
import { type IntakeContext, refusalAtLength, refusalAtSight } from './intake.ts';
import { choiceFrom, type Judge, type ProvenChange } from './justification.ts';
import { Outbox } from './Outbox.ts';
import { RULES, type Rules } from './rules.ts';

export interface AgreementOptions {
  readonly cluster: Cluster;
  readonly instance: InstanceId;
  readonly authenticator: Authenticator;
  readonly schedule: RoundSchedule;
  /**
   * External validity: whether a value may be decided at all, as this node sees it. Honest nodes should mostly agree, or
   * rounds pass in vain; `recheck` asks again. Must not throw and must not change the agreement.
   */
  readonly isValid: (value: Uint8Array) => boolean;
  readonly valueBytesMax: number;
  /** What this node had on disk: the last `persist` record of this instance, and the values kept beside it, by hash. */
  readonly restore?: { readonly record: Uint8Array; readonly values: (hash: Root) => Uint8Array | undefined };
  /** For the simulator's mutants alone. */
  readonly rules?: Rules;
}

/** Messages of one peer in one instance that are looked at closely. An honest peer sends at most 4 a round, a few twice. */
const PEER_MESSAGES_MAX = 6 * ROUND_MAX;

interface Proposal {
  readonly message: SignedMessage;
  readonly value: Uint8Array;
  /** The verdict of external validity, once it was asked. */
  valid?: boolean;
}

/**
 * One instance of QBFT (Moniz, arXiv 2002.03613) on one node: inputs in, effects out, no I/O, no clock, no randomness. The
 * same inputs give the same effects. What the paper leaves open is settled so:
 * - Rounds end at fixed times after the slot's start (`RoundSchedule`), not after a node happened to begin.
 * - f + 1 ROUND-CHANGEs to later rounds take a node along, to the highest round that an honest one has reached.
 * - Rounds of leaders that are known to be dead are passed over at once.
 * - A decision is recognized in any round, late or early, by COMMITs or by a DECIDED certificate.
 */
export class Agreement {
  readonly #options: AgreementOptions;
  readonly #rules: Rules;
  readonly #judge: Judge;
  readonly #context: IntakeContext;
  readonly #book: Book;
  readonly #ballot: Ballot;
  readonly #out: Outbox;
  readonly #proposals = new Map<number, Proposal>();
  readonly #changes = new Map<number, Map<number, ProvenChange>>();
  readonly #values = new Map<Root, Uint8Array>();
  readonly #messagesFrom: number[];
  readonly #accused = new Set<string>();
  readonly #answered = new Set<number>();
  #suspects: ReadonlySet<number> = new Set();
  #started = false;
  #asked = false;
  #input: Uint8Array | undefined;
  #certificate:
    | { readonly round: number; readonly valueHash: Root; readonly commits: readonly SignedMessage[] }
    | undefined;
  #decision: Decision | undefined;

  constructor(options: AgreementOptions) {
    const { cluster, instance, rules = RULES } = options;
    const { nodes, self, lockHash } = cluster;
    if (!Number.isInteger(self) || self < 0 || self >= nodes)
      throw new ConsensusConfigError('this node is not in the cluster', { data: { self, nodes } });
    checkedSchedule(options.schedule);
    this.#options = options;
    this.#rules = rules;
    this.#judge = {
      nodes,
      quorum: rules.quorum(nodes),
      rules,
      leader: (round) => leaderOf(instance, round, nodes),
    };
    this.#book = new Book(nodes);
    this.#context = {
      self,
      judge: this.#judge,
      book: this.#book,
      authenticator: options.authenticator,
      prefix: rules.prefix(lockHash, instance),
      roundMax: ROUND_MAX,
      valueBytesMax: options.valueBytesMax,
    };
    this.#messagesFrom = Array.from({ length: nodes }, () => 0);
    this.#ballot = this.#restored();
    this.#out = new Outbox(cluster, instance, this.#ballot, rules.persists);
  }

  get instance(): InstanceId {
    return this.#options.instance;
  }

  get round(): number {
    return this.#ballot.round;
  }

  get decision(): Decision | undefined {
    return this.#decision;
  }

  /** How much is held: messages, and values in bytes. Bounded by n, ROUND_MAX and `valueBytesMax`. */
  get held(): { readonly messages: number; readonly valueBytes: number } {
    const valueBytes = this.#values.values().reduce((sum, value) => sum + value.length, 0);
    return { messages: this.#book.size, valueBytes };
  }

  /** Takes one input and gives what is to be done, in order. */
  step(input: Input): Effect[] {
    switch (input.type) {
      case 'start':
        this.#start(input.value);
        break;
      case 'value':
        this.#input ??= input.value;
        break;
      case 'message':
        this.#receive(input.from, input.envelope);
        break;
      case 'timeout':
        if (this.#started && !this.#decision && input.round === this.round) this.#changeRound(this.round + 1);
        break;
      case 'suspect':
        this.#suspects = new Set(input.nodes);
        break;
      case 'resend':
        this.#resend([input.to]);
        break;
      case 'recheck':
        for (const proposal of this.#proposals.values()) if (proposal.valid === false) delete proposal.valid;
        break;
    }
    this.#advance();
    return this.#out.flush();
  }

  // ---------------------------------------------------------------- what is told

  #start(value: Uint8Array | undefined): void {
    this.#input ??= value;
    if (this.#started) return;
    this.#started = true;
    if (this.#decision) return;
    this.#setTimer();
    // After a crash: peers may lack what was about to be sent.
    this.#resend(this.#peers());
  }

  #receive(from: number, envelope: Envelope): void {
    const refusal = this.#refusal(from, envelope);
    if (refusal !== undefined) {
      this.#out.drop(from, refusal);
      return;
    }
    const { message, justification } = envelope;
    // First what others signed: a vote that proves its sender a traitor must not be taken for the first one.
    for (const each of justification) this.#note(each);
    if (this.#note(message)) {
      this.#book.markDirect(message);
      this.#take(envelope);
    } else {
      this.#out.drop(from, 'equivocation');
    }
  }

  #refusal(from: number, envelope: Envelope): DropReason | undefined {
    const { lockHash, instance } = envelope;
    if (lockHash !== this.#options.cluster.lockHash) return 'wrongCluster';
    if (instance.slot !== this.instance.slot || instance.duty !== this.instance.duty) return 'unknownInstance';
    const atSight = refusalAtSight(this.#context, from, envelope);
    if (atSight !== undefined) return atSight;
    if (
      this.#decision &&
      envelope.message.type === 'DECIDED' &&
      envelope.message.valueHash === this.#decision.valueHash
    )
      return 'replayed';
    this.#messagesFrom[from]! += 1;
    if (this.#messagesFrom[from]! > PEER_MESSAGES_MAX) return 'flood';
    return refusalAtLength(this.#context, envelope);
  }

  /** Writes a verified message down; false when it shows its sender to be a traitor, whom evidence then names. */
  #note(message: SignedMessage): boolean {
    const earlier = this.#book.note(message);
    if (message.type === 'COMMIT') this.#tally(message.round, message.valueHash);
    if (earlier === undefined) return true;
    const kind = conflictOf(earlier, message)!;
    const once = `${kind}/${message.sender}`;
    if (!this.#accused.has(once)) {
      this.#accused.add(once);
      const { lockHash } = this.#options.cluster;
      this.#out.push({
        type: 'accused',
        evidence: { kind, lockHash, instance: this.instance, culprit: message.sender, messages: [earlier, message] },
      });
    }
    return kind !== 'equivocation';
  }

  #take({ message, justification, value }: Envelope): void {
    const { type, round, sender, valueHash } = message;
    if (type === 'PRE-PREPARE') {
      this.#proposals.set(round, { message, value: value! });
      if (round < this.round) this.#out.drop(sender, 'stale');
      this.#learn(valueHash, value);
    } else if (type === 'ROUND-CHANGE') {
      if (this.#judge.leader(round) === this.#options.cluster.self) this.#learn(valueHash, value);
      this.#holdChange({ message, prepares: justification });
      if (this.#decision) this.#answer(sender, round);
    } else if (type === 'DECIDED') {
      this.#learn(valueHash, value);
      this.#certificate ??= { round, valueHash, commits: justification };
    }
  }

  #learn(hash: Root, value: Uint8Array | undefined): void {
    if (value !== undefined && !this.#values.has(hash)) this.#values.set(hash, value);
  }

  #holdChange(change: ProvenChange): void {
    const { round, sender } = change.message;
    const ofRound = this.#changes.get(round) ?? new Map<number, ProvenChange>();
    ofRound.set(sender, change);
    this.#changes.set(round, ofRound);
  }

  #tally(round: number, valueHash: Root): void {
    if (this.#certificate) return;
    const commits = this.#book.votes('COMMIT', round, valueHash);
    if (commits.length >= this.#judge.quorum) this.#certificate = { round, valueHash, commits };
  }

  // ---------------------------------------------------------------- what follows

  #advance(): void {
    while (!this.#decision) {
      const moved =
        this.#decide() ||
        (this.#started &&
          (this.#skipAhead() || this.#passOver() || this.#propose() || this.#accept() || this.#commit()));
      if (!moved) return;
    }
  }

  /** Algorithm 2:8, in any round. Without the value the node asks: whoever has decided answers a ROUND-CHANGE. */
  #decide(): boolean {
    if (!this.#certificate) return false;
    const { round, valueHash, commits } = this.#certificate;
    const value = this.#values.get(valueHash);
    if (value === undefined) {
      if (this.#asked || !this.#started) return false;
      this.#asked = true;
      return this.#changeRound(this.round + 1);
    }
    this.#decision = { value, valueHash, round, proof: commits.slice(0, this.#judge.quorum) };
    this.#out.push({ type: 'decided', ...this.#decision });
    for (const node of this.#peers()) {
      const left = this.#book.highestChange(node);
      if (left > round) this.#answer(node, left);
    }
    return true;
  }

  /** Algorithm 3:5. Of f + 1 nodes in later rounds one is honest: go where the (f + 1)th of them is. */
  #skipAhead(): boolean {
    const { nodes, self } = this.#options.cluster;
    const rounds: number[] = [];
    for (let sender = 0; sender < nodes; sender += 1) {
      const round = sender === self ? 0 : this.#book.highestChange(sender);
      if (round > this.round) rounds.push(round);
    }
    const target = rounds.sort((a, b) => b - a)[faultyMax(nodes)];
    return target !== undefined && this.#changeRound(target);
  }

  /** A round whose leader is known to be dead is over. More than f suspects tell of this node's own network instead. */
  #passOver(): boolean {
    const { nodes, self } = this.#options.cluster;
    const leader = this.#judge.leader(this.round);
    if (leader === self || !this.#suspects.has(leader) || this.#suspects.size > faultyMax(nodes)) return false;
    if (this.#proposals.has(this.round) || this.#ballot.current('PREPARE')) return false;
    return this.#changeRound(this.round + 1);
  }

  /** Algorithm 1:11 and 3:11: the leader's part. */
  #propose(): boolean {
    const { round } = this;
    if (this.#judge.leader(round) !== this.#options.cluster.self) return false;
    if (this.#ballot.current('PRE-PREPARE') || this.#ballot.current('PREPARE')) return false;
    // A change whose value did not come along cannot be followed; the honest send theirs.
    const changes = [...(this.#changes.get(round)?.values() ?? [])].filter(
      ({ message }) => message.preparedRound === 0 || this.#values.has(message.valueHash),
    );
    const choice = round === 1 ? { prepared: undefined, justification: [] } : choiceFrom(this.#judge, changes);
    if (choice === undefined) return false;
    const value = choice.prepared ? this.#values.get(choice.prepared.valueHash) : this.#input;
    if (value === undefined || value.length > this.#options.valueBytesMax) return false;
    if (choice.prepared === undefined && !this.#options.isValid(value)) return false;
    const message = this.#vote('PRE-PREPARE', hashValue(value));
    if (message === undefined) return false;
    this.#learn(message.valueHash, value);
    this.#proposals.set(round, { message, value });
    this.#send(this.#peers(), message, choice.justification, value);
    return true;
  }

  /** Algorithm 2:1: PREPARE what the leader of this round, or of a later one, has justified. */
  #accept(): boolean {
    let best: Proposal | undefined;
    for (const [round, proposal] of this.#proposals) {
      if (round < Math.max(this.round, best?.message.round ?? 0)) continue;
      if (round === this.round && this.#ballot.current('PREPARE')) continue;
      if (this.#isAcceptable(proposal)) best = proposal;
    }
    if (best === undefined) return false;
    const { message, value } = best;
    this.#ballot.round = message.round;
    this.#setTimer(true);
    const prepare = this.#vote('PREPARE', message.valueHash);
    if (prepare === undefined) return false;
    this.#ballot.accepted = message;
    this.#out.keep({ hash: message.valueHash, bytes: value });
    this.#send(this.#peers(), prepare, [message]);
    return true;
  }

  #isAcceptable(proposal: Proposal): boolean {
    if (proposal.valid === undefined) {
      proposal.valid = this.#options.isValid(proposal.value);
      if (!proposal.valid) this.#out.drop(proposal.message.sender, 'invalidValue');
    }
    return proposal.valid;
  }

  /** Algorithm 2:4: a quorum has prepared what this node has accepted; from here on it is locked on it. */
  #commit(): boolean {
    const prepare = this.#ballot.current('PREPARE');
    if (prepare === undefined || this.#ballot.current('COMMIT')) return false;
    const { round, valueHash } = prepare;
    const prepares = this.#book.votes('PREPARE', round, valueHash);
    if (prepares.length < this.#judge.quorum || !this.#values.has(valueHash)) return false;
    const commit = this.#vote('COMMIT', valueHash);
    if (commit === undefined) return false;
    this.#ballot.prepared = { round, valueHash, prepares: prepares.slice(0, this.#judge.quorum) };
    this.#send(this.#peers(), commit, []);
    return true;
  }

  /** Algorithm 3:1: leave the round, and tell the next leader what was prepared. */
  #changeRound(round: number): boolean {
    if (round > ROUND_MAX) return false;
    this.#ballot.round = round;
    this.#setTimer();
    const { prepared } = this.#ballot;
    const told = this.#rules.tellsPrepared ? prepared : undefined;
    const message = this.#vote('ROUND-CHANGE', told?.valueHash ?? NO_VALUE, told?.round ?? 0);
    if (message === undefined) return false;
    const prepares = told?.prepares ?? [];
    this.#holdChange({ message, prepares });
    this.#sendChange(this.#peers(), message, prepares);
    return true;
  }

  // ---------------------------------------------------------------- what is sent

  /** Signs a vote of this node's round and counts it, unless it has voted. */
  #vote(type: MessageType, valueHash: Root, preparedRound = 0): SignedMessage | undefined {
    const fields = { type, sender: this.#options.cluster.self, round: this.round, valueHash, preparedRound };
    if (!this.#ballot.allows(fields)) return undefined;
    const signature = this.#options.authenticator.sign(signingBytes(this.#context.prefix, fields));
    const message = { ...fields, signature };
    this.#ballot.cast(message);
    this.#out.mustPersist();
    this.#note(message);
    return message;
  }

  #send(
    to: readonly number[],
    message: SignedMessage,
    justification: readonly SignedMessage[],
    value?: Uint8Array,
  ): void {
    if (to.length === 0) return;
    const { lockHash } = this.#options.cluster;
    const envelope: Envelope = { lockHash, instance: this.instance, message, justification };
    this.#out.push({ type: 'send', to, envelope: value === undefined ? envelope : { ...envelope, value } });
  }

  /** Only the new leader needs the prepared value's bytes. */
  #sendChange(to: readonly number[], message: SignedMessage, prepares: readonly SignedMessage[]): void {
    const leader = this.#judge.leader(message.round);
    const value = this.#values.get(message.valueHash);
    const others = value === undefined ? to : to.filter((node) => node !== leader);
    this.#send(others, message, prepares);
    if (value !== undefined && to.includes(leader)) this.#send([leader], message, prepares, value);
  }

  /** A DECIDED certificate to a node that is still changing rounds, once for each of its rounds. */
  #answer(to: number, round: number): void {
    const key = round * this.#judge.nodes + to;
    if (this.#answered.has(key)) return;
    this.#answered.add(key);
    this.#sendDecided([to]);
  }

  #sendDecided(to: readonly number[]): void {
    const { round, valueHash, proof, value } = this.#decision!;
    const fields = { type: 'DECIDED' as const, sender: this.#options.cluster.self, round, valueHash, preparedRound: 0 };
    const signature = this.#options.authenticator.sign(signingBytes(this.#context.prefix, fields));
    this.#send(to, { ...fields, signature }, proof, value);
  }

  #resend(to: readonly number[]): void {
    if (this.#decision) {
      this.#sendDecided(to);
      return;
    }
    const ballot = this.#ballot;
    const change = ballot.current('ROUND-CHANGE');
    if (change) this.#sendChange(to, change, change.preparedRound > 0 ? ballot.prepared!.prepares : []);
    const proposal = ballot.current('PRE-PREPARE');
    // After a crash the justification of a later round is gone; its time runs out like a dead leader's.
    const justified = proposal && this.#justificationOf(proposal);
    const value = proposal && this.#values.get(proposal.valueHash);
    if (justified && value) this.#send(to, proposal, justified, value);
    const prepare = ballot.current('PREPARE');
    if (prepare && ballot.accepted) this.#send(to, prepare, [ballot.accepted]);
    const commit = ballot.own('COMMIT');
    if (commit) this.#send(to, commit, []);
  }

  #justificationOf(proposal: SignedMessage): readonly SignedMessage[] | undefined {
    if (proposal.round === 1) return [];
    const changes = [...(this.#changes.get(proposal.round)?.values() ?? [])];
    const choice = choiceFrom(this.#judge, changes);
    const fits = choice && (choice.prepared === undefined || choice.prepared.valueHash === proposal.valueHash);
    return fits ? choice.justification : undefined;
  }

  #setTimer(accepted = false): void {
    this.#out.setTimer(this.round, roundEndMs(this.#options.schedule, this.round, accepted));
  }

  #peers(): number[] {
    const { nodes, self } = this.#options.cluster;
    return Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== self);
  }

  /** The ballot as it was on disk, its messages believed: they were verified before they were written. */
  #restored(): Ballot {
    const { restore, cluster, instance } = this.#options;
    if (restore === undefined) return new Ballot();
    const ballot = Ballot.decode(restore.record, cluster.lockHash, instance);
    const own = (['PRE-PREPARE', 'PREPARE', 'COMMIT', 'ROUND-CHANGE'] as const).map((type) => ballot.own(type));
    const known = [...own, ballot.accepted, ...(ballot.prepared?.prepares ?? [])].filter((each) => each !== undefined);
    for (const message of known) {
      this.#book.note(message);
      const value = message.valueHash === NO_VALUE ? undefined : restore.values(message.valueHash);
      if (value !== undefined && hashValue(value) === message.valueHash) this.#learn(message.valueHash, value);
    }
    const change = ballot.current('ROUND-CHANGE');
    if (change) this.#holdChange({ message: change, prepares: ballot.prepared?.prepares ?? [] });
    return ballot;
  }
}

import { faultyMax } from '../cluster/quorum.ts';
import { checkedSchedule, ROUND_MAX, roundEndMs } from '../cluster/schedule.ts';
import { hashValue } from '../codec/hash.ts';
import { ConsensusConfigError } from '../errors.ts';
import { type Envelope, type InstanceId, NO_VALUE, type SignedMessage } from '../message.ts';
import { Ballot } from './Ballot.ts';
import type { Decision, Effect, Input } from './effects.ts';
import { Hearing, type Proposal } from './Hearing.ts';
import { Outbox } from './Outbox.ts';
import type { AgreementOptions, Restore } from './options.ts';
import { RULES } from './rules.ts';
import { Voice } from './Voice.ts';

/**
 * One instance of QBFT (Moniz, arXiv 2002.03613) on one node: inputs in, effects out, no I/O, no clock, no randomness. The
 * same inputs give the same effects. What the paper leaves open is settled so:
 * - Rounds end at fixed times after the slot's start (`RoundSchedule`), not after a node happened to begin.
 * - f + 1 ROUND-CHANGEs to later rounds take a node along, to the highest round that an honest one has reached.
 * - Rounds of leaders that are known to be dead are passed over at once.
 * - A decision is recognized in any round, late or early, by COMMITs or by a DECIDED certificate.
 *
 * Why it is safe: a node votes once a round and never in a round it has left, its votes are on disk before they are sent,
 * and a leader must propose what the highest PREPAREs among a quorum of ROUND-CHANGEs say. `test/smt.test.ts` proves that
 * this suffices, the simulator that the code does it.
 */
export class Agreement {
  readonly #options: AgreementOptions;
  readonly #hearing: Hearing;
  readonly #ballot: Ballot;
  readonly #voice: Voice;
  readonly #out: Outbox;
  #suspects: ReadonlySet<number> = new Set();
  #started = false;
  #asked = false;
  #hasTold = false;
  #input: Uint8Array | undefined;
  #decision: Decision | undefined;

  constructor(options: AgreementOptions) {
    const { cluster, instance, rules = RULES, restore } = options;
    const { nodes, self, lockHash } = cluster;
    if (!Number.isInteger(self) || self < 0 || self >= nodes)
      throw new ConsensusConfigError('this node is not in the cluster', { data: { self, nodes } });
    checkedSchedule(options.schedule);
    const prefix = rules.prefix(lockHash, instance);
    this.#options = options;
    this.#ballot = restore ? Ballot.decode(restore.record, lockHash, instance) : new Ballot();
    this.#out = new Outbox(cluster, instance, this.#ballot, rules.persists);
    this.#hearing = new Hearing(options, prefix, (evidence) => this.#out.push({ type: 'accused', evidence }));
    this.#voice = new Voice(options, prefix, this.#hearing, this.#ballot, this.#out);
    if (restore) this.#recall(restore);
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
    const { book, values } = this.#hearing;
    return { messages: book.size, valueBytes: values.values().reduce((sum, value) => sum + value.length, 0) };
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
        this.#timeout(input.round);
        break;
      case 'suspect':
        this.#suspects = new Set(input.nodes);
        break;
      case 'resend':
        this.#repeat([input.to]);
        break;
      case 'recheck':
        for (const proposal of this.#hearing.proposals.values()) if (!proposal.valid) delete proposal.valid;
        break;
    }
    this.#tellFork();
    this.#advance();
    return this.#out.flush();
  }

  #start(value: Uint8Array | undefined): void {
    this.#input ??= value;
    if (this.#started) return;
    this.#started = true;
    if (this.#decision) return;
    this.#setTimer();
    // After a crash: peers may lack what was about to be sent.
    this.#repeat(this.#voice.peers);
  }

  #timeout(round: number): void {
    const isNow = this.#started && !this.#decision && round === this.round;
    if (isNow && this.#hearing.judge.rules.leavesRounds) this.#changeRound(round + 1);
  }

  #receive(from: number, envelope: Envelope): void {
    const refusal = this.#hearing.receive(from, envelope, this.#decision?.valueHash);
    const { type, round } = envelope.message;
    if (refusal !== undefined) this.#out.push({ type: 'dropped', from, reason: refusal });
    else if (this.#decision) this.#answer(this.#decision, envelope.message);
    else if (type === 'PRE-PREPARE' && round < this.round) this.#out.push({ type: 'dropped', from, reason: 'stale' });
  }

  /** Who changes rounds lacks the decision; who commits to something else has another one, and must hear of this one. */
  #answer(decision: Decision, { type, sender, round, valueHash }: SignedMessage): void {
    const differs = type === 'COMMIT' && valueHash !== decision.valueHash;
    if (differs || type === 'ROUND-CHANGE') this.#voice.answer(sender, round, decision);
  }

  #repeat(to: readonly number[]): void {
    if (this.#decision) this.#voice.tell(this.#decision, to);
    else this.#voice.repeat(to);
  }

  #tellFork(): void {
    const { certificate, fork } = this.#hearing;
    if (this.#hasTold || !certificate || !fork) return;
    this.#hasTold = true;
    this.#out.push({ type: 'forked', proofs: [certificate.commits, fork.commits] });
  }

  /** Lets every rule that can act do so, until none can. */
  #advance(): void {
    while (!this.#decision) {
      if (this.#decide()) return;
      if (!this.#started) return;
      // First what this round, or a justified later one, lets the node vote for; only then leave it.
      const acted =
        this.#accept() || this.#commit() || this.#propose() || this.#ask() || this.#skipAhead() || this.#passOver();
      if (!acted) return;
    }
  }

  /** Algorithm 2:8, in any round. */
  #decide(): boolean {
    const { certificate, fork, values, book, judge } = this.#hearing;
    const value = certificate && values.get(certificate.valueHash);
    if (value === undefined || fork) return false;
    const { round, valueHash, commits } = certificate!;
    this.#decision = { value, valueHash, round, proof: commits.slice(0, judge.quorum) };
    this.#out.push({ type: 'decided', ...this.#decision });
    for (const node of this.#voice.peers) {
      const left = book.highestChange(node);
      if (left > round) this.#voice.answer(node, left, this.#decision);
      const commit = book.get('COMMIT', round, node);
      if (commit) this.#answer(this.#decision, commit);
    }
    return true;
  }

  /** Others have decided a value that this node lacks: whoever has decided answers a ROUND-CHANGE with it. */
  #ask(): boolean {
    if (!this.#hearing.certificate || this.#asked) return false;
    this.#asked = true;
    return this.#changeRound(this.round + 1);
  }

  /** Algorithm 3:5. Of f + 1 nodes in later rounds one is honest: go where the (f + 1)th of them is. */
  #skipAhead(): boolean {
    const { book } = this.#hearing;
    const ahead = this.#voice.peers.filter((node) => book.highestChange(node) > this.round);
    const faulty = faultyMax(this.#options.cluster.nodes);
    if (ahead.length <= faulty) return false;
    const rounds = ahead.map((node) => book.highestChange(node)).sort((a, b) => b - a);
    return this.#changeRound(rounds[faulty]!);
  }

  /** A round whose leader is known to be dead is over. More than f suspects tell of this node's own network instead. */
  #passOver(): boolean {
    const { nodes, self } = this.#options.cluster;
    const leader = this.#hearing.judge.leader(this.round);
    if (leader === self || !this.#suspects.has(leader) || this.#suspects.size > faultyMax(nodes)) return false;
    if (this.#hearing.proposals.has(this.round) || this.#ballot.current('PREPARE')) return false;
    return this.#changeRound(this.round + 1);
  }

  /** Algorithm 1:11 and 3:11: the leader's part. */
  #propose(): boolean {
    const { round } = this;
    const { judge, values, proposals } = this.#hearing;
    if (judge.leader(round) !== this.#options.cluster.self) return false;
    if (this.#ballot.current('PRE-PREPARE') || this.#ballot.current('PREPARE')) return false;
    const choice = this.#hearing.choice(round);
    const value = choice?.prepared ? values.get(choice.prepared.valueHash) : this.#input;
    if (choice === undefined || value === undefined || value.length > this.#options.valueBytesMax) return false;
    if (choice.prepared === undefined && !this.#options.isValid(value)) return false;
    const message = this.#voice.vote('PRE-PREPARE', hashValue(value));
    if (message === undefined) return false;
    this.#hearing.learn(message.valueHash, value);
    proposals.set(round, { message, value });
    this.#voice.send(message, choice.justification, value);
    return true;
  }

  /** Algorithm 2:1: PREPARE what the leader of this round, or of a later one, has justified. */
  #accept(): boolean {
    let best: Proposal | undefined;
    for (const [round, proposal] of this.#hearing.proposals) {
      if (round < Math.max(this.round, best?.message.round ?? 0)) continue;
      if (round === this.round && this.#ballot.current('PREPARE')) continue;
      if (this.#isAcceptable(proposal)) best = proposal;
    }
    if (best === undefined) return false;
    const { message, value } = best;
    this.#ballot.round = message.round;
    this.#setTimer(true);
    const prepare = this.#voice.vote('PREPARE', message.valueHash);
    if (prepare === undefined) return false;
    this.#ballot.accepted = message;
    this.#out.keep({ hash: message.valueHash, bytes: value });
    this.#voice.send(prepare, [message]);
    return true;
  }

  #isAcceptable(proposal: Proposal): boolean {
    if (proposal.valid === undefined) {
      proposal.valid = this.#options.isValid(proposal.value);
      if (!proposal.valid) this.#out.push({ type: 'dropped', from: proposal.message.sender, reason: 'invalidValue' });
    }
    return proposal.valid;
  }

  /** Algorithm 2:4: a quorum has prepared what this node has accepted; from here on it is locked on it. */
  #commit(): boolean {
    const prepare = this.#ballot.current('PREPARE');
    if (prepare === undefined || this.#ballot.current('COMMIT')) return false;
    const { round, valueHash } = prepare;
    const { book, judge, values } = this.#hearing;
    const prepares = book.votes('PREPARE', round, valueHash);
    if (prepares.length < judge.quorum || !values.has(valueHash)) return false;
    const commit = this.#voice.vote('COMMIT', valueHash);
    if (commit === undefined) return false;
    this.#ballot.prepared = { round, valueHash, prepares: prepares.slice(0, judge.quorum) };
    this.#voice.send(commit, []);
    return true;
  }

  /** Algorithm 3:1: leave the round, and tell the next leader what was prepared. */
  #changeRound(round: number): boolean {
    if (round > ROUND_MAX) return false;
    this.#ballot.round = round;
    this.#setTimer();
    const prepared = this.#hearing.judge.rules.tellsPrepared ? this.#ballot.prepared : undefined;
    const message = this.#voice.vote('ROUND-CHANGE', prepared?.valueHash ?? NO_VALUE, prepared?.round ?? 0);
    if (message === undefined) return false;
    const prepares = prepared?.prepares ?? [];
    this.#hearing.holdChange({ message, prepares });
    this.#voice.sendChange(message, prepares);
    return true;
  }

  #setTimer(accepted = false): void {
    this.#out.setTimer(this.round, roundEndMs(this.#options.schedule, this.round, accepted));
  }

  /** What was on disk is believed: it was verified before it was written. */
  #recall({ values }: Restore): void {
    const { accepted, prepared } = this.#ballot;
    const own = (['PRE-PREPARE', 'PREPARE', 'COMMIT', 'ROUND-CHANGE'] as const).map((type) => this.#ballot.own(type));
    for (const message of [...own, accepted, ...(prepared?.prepares ?? [])]) {
      if (message === undefined) continue;
      this.#hearing.note(message);
      const value = message.valueHash === NO_VALUE ? undefined : values(message.valueHash);
      if (value !== undefined && hashValue(value) === message.valueHash) this.#hearing.learn(message.valueHash, value);
    }
    const change = this.#ballot.current('ROUND-CHANGE');
    if (change) this.#hearing.holdChange({ message: change, prepares: prepared?.prepares ?? [] });
  }
}

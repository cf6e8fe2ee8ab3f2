import type { Root } from '@holdfast/units';
import { signingBytes } from '../codec/signed.ts';
import type { Envelope, Message, SignedMessage } from '../message.ts';
import type { Ballot } from './Ballot.ts';
import type { Decision } from './effects.ts';
import type { Hearing } from './Hearing.ts';
import type { Outbox } from './Outbox.ts';
import type { AgreementOptions } from './options.ts';

/** Signs and sends what a node has to say in an instance, and says it again to who may have missed it. */
export class Voice {
  /** All nodes but this one. */
  readonly peers: readonly number[];
  readonly #options: AgreementOptions;
  readonly #prefix: Uint8Array;
  readonly #hearing: Hearing;
  readonly #ballot: Ballot;
  readonly #out: Outbox;
  readonly #answered = new Set<number>();

  constructor(options: AgreementOptions, prefix: Uint8Array, hearing: Hearing, ballot: Ballot, out: Outbox) {
    const { nodes, self } = options.cluster;
    this.peers = Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== self);
    this.#options = options;
    this.#prefix = prefix;
    this.#hearing = hearing;
    this.#ballot = ballot;
    this.#out = out;
  }

  /** Signs a vote of this node's round, writes it down, and has it made durable; undefined if it has voted otherwise. */
  vote(type: Message['type'], valueHash: Root, preparedRound = 0): SignedMessage | undefined {
    const { round } = this.#ballot;
    const fields = { type, sender: this.#options.cluster.self, round, valueHash, preparedRound };
    if (!this.#ballot.allows(fields)) return undefined;
    const message = this.#signed(fields);
    this.#ballot.cast(message);
    this.#out.mustPersist();
    this.#hearing.note(message);
    return message;
  }

  /** To all peers, unless `to` says otherwise. */
  send(
    message: SignedMessage,
    justification: readonly SignedMessage[],
    value?: Uint8Array,
    to: readonly number[] = this.peers,
  ): void {
    if (to.length === 0) return;
    const { cluster, instance } = this.#options;
    const envelope: Envelope = { lockHash: cluster.lockHash, instance, message, justification };
    this.#out.push({ type: 'send', to, envelope: value === undefined ? envelope : { ...envelope, value } });
  }

  /** Only the new leader needs the prepared value's bytes. */
  sendChange(change: SignedMessage, prepares: readonly SignedMessage[], to: readonly number[] = this.peers): void {
    const leader = this.#hearing.judge.leader(change.round);
    const value = this.#hearing.values.get(change.valueHash);
    const withoutValue = value === undefined ? to : to.filter((node) => node !== leader);
    this.send(change, prepares, undefined, withoutValue);
    if (value !== undefined && to.includes(leader)) this.send(change, prepares, value, [leader]);
  }

  /** The decision to a node that is still changing rounds, once for each of its rounds. */
  answer(to: number, round: number, decision: Decision): void {
    const key = round * this.#hearing.judge.nodes + to;
    if (this.#answered.has(key)) return;
    this.#answered.add(key);
    this.tell(decision, [to]);
  }

  /** A DECIDED certificate. */
  tell({ round, valueHash, proof, value }: Decision, to: readonly number[]): void {
    const { self } = this.#options.cluster;
    this.send(this.#signed({ type: 'DECIDED', sender: self, round, valueHash, preparedRound: 0 }), proof, value, to);
  }

  /** This node's last votes once more, as they were signed. */
  repeat(to: readonly number[]): void {
    const ballot = this.#ballot;
    const change = ballot.current('ROUND-CHANGE');
    if (change) this.sendChange(change, change.preparedRound > 0 ? (ballot.prepared?.prepares ?? []) : [], to);
    this.#repeatProposal(to);
    const prepare = ballot.current('PREPARE');
    if (prepare && ballot.accepted) this.send(prepare, [ballot.accepted], undefined, to);
    const commit = ballot.own('COMMIT');
    if (commit) this.send(commit, [], undefined, to);
  }

  /** After a crash the justification of a later round is gone; such a round runs out like that of a dead leader. */
  #repeatProposal(to: readonly number[]): void {
    const proposal = this.#ballot.current('PRE-PREPARE');
    if (proposal === undefined) return;
    const choice = this.#hearing.choice(proposal.round);
    const value = this.#hearing.values.get(proposal.valueHash);
    const fits = choice && (choice.prepared === undefined || choice.prepared.valueHash === proposal.valueHash);
    if (fits && value) this.send(proposal, choice.justification, value, to);
  }

  #signed(fields: Message): SignedMessage {
    const signature = this.#options.authenticator.sign(signingBytes(this.#prefix, fields));
    return { ...fields, signature };
  }
}

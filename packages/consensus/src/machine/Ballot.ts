import type { Root } from '@holdfast/units';
import { Reader, Writer } from '../codec/bytes.ts';
import { readInstance, readSigned, writeInstance, writeSigned } from '../codec/signed.ts';
import { ConsensusMessageError, ConsensusSnapshotError } from '../errors.ts';
import { type InstanceId, type Message, type MessageType, type SignedMessage, saysTheSame } from '../message.ts';

/** The highest quorum of PREPAREs a node has seen: it is locked on this value. */
export interface Prepared {
  readonly round: number;
  readonly valueHash: Root;
  readonly prepares: readonly SignedMessage[];
}

const VERSION = 1;
const LIST_MAX = 255;

/**
 * All of a node's own part in an instance that must outlive a crash: its round, its lock, its last votes. Rounds only go
 * up and a node votes only in its round, so the last vote of each type is enough never to contradict any.
 */
export class Ballot {
  round = 1;
  prepared: Prepared | undefined;
  /** The leader's PRE-PREPARE that this node's last PREPARE answers. */
  accepted: SignedMessage | undefined;
  readonly #own = new Map<MessageType, SignedMessage>();

  own(type: MessageType): SignedMessage | undefined {
    return this.#own.get(type);
  }

  /** This node's vote of a type in its round, if it has voted. */
  current(type: MessageType): SignedMessage | undefined {
    const vote = this.#own.get(type);
    return vote?.round === this.round ? vote : undefined;
  }

  /** The last line of defence, behind every rule: whether a vote is new, and contradicts none before. */
  allows(vote: Message): boolean {
    if (vote.round !== this.round || this.#own.values().some(({ round }) => round > vote.round)) return false;
    const last = this.current(vote.type);
    return last === undefined || saysTheSame(last, vote);
  }

  cast(vote: SignedMessage): void {
    this.#own.set(vote.type, vote);
  }

  encode(lockHash: Root, instance: InstanceId): Uint8Array {
    const writer = new Writer(1024);
    writer.u8(VERSION);
    writeInstance(writer, lockHash, instance);
    writer.u16(this.round);
    const lists = [[...this.#own.values()], this.accepted ? [this.accepted] : [], this.prepared?.prepares ?? []];
    for (const list of lists) {
      writer.u8(list.length);
      for (const message of list) writeSigned(writer, message);
    }
    return writer.done();
  }

  /** Throws `ConsensusSnapshotError` unless the record is one that `encode` made for the same cluster and instance. */
  static decode(record: Uint8Array, lockHash: Root, instance: InstanceId): Ballot {
    try {
      return Ballot.#read(new Reader(record), lockHash, instance);
    } catch (cause) {
      if (!(cause instanceof ConsensusMessageError)) throw cause;
      throw new ConsensusSnapshotError('the record on disk cannot be read', {
        data: { instance },
        fix: 'Take no part in this instance; the disk or the file is damaged',
        cause,
      });
    }
  }

  static #read(reader: Reader, lockHash: Root, instance: InstanceId): Ballot {
    const version = reader.u8();
    if (version !== VERSION) throw new ConsensusMessageError('an unknown version', { data: { version } });
    const about = readInstance(reader);
    const { duty, slot } = about.instance;
    if (about.lockHash !== lockHash || duty !== instance.duty || slot !== instance.slot)
      throw new ConsensusMessageError('the record is of another cluster or instance', { data: { duty, slot } });
    const ballot = new Ballot();
    ballot.round = reader.u16();
    const list = () => Array.from({ length: Math.min(reader.u8(), LIST_MAX) }, () => readSigned(reader));
    for (const vote of list()) ballot.cast(vote);
    ballot.accepted = list()[0];
    const prepares = list();
    const [first] = prepares;
    if (first !== undefined) ballot.prepared = { round: first.round, valueHash: first.valueHash, prepares };
    reader.end();
    return ballot;
  }
}

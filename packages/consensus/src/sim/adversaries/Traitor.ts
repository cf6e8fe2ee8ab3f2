import type { Root } from '@holdfast/units';
import { leaderOf } from '../../cluster/leader.ts';
import { quorumOf } from '../../cluster/quorum.ts';
import { hashValue } from '../../codec/hash.ts';
import { signingBytes } from '../../codec/signed.ts';
import {
  type Envelope,
  type InstanceId,
  instanceKey,
  type Message,
  type MessageType,
  NO_VALUE,
  type SignedMessage,
} from '../../message.ts';
import { Machine } from '../Machine.ts';
import type { Host, World } from '../world.ts';

const ACTS_MAX = 60;
const HEARD_MAX = 400;

/**
 * A node that lies. It runs an honest machine to know what is going on, hears all that the machine hears, and decides what
 * of the machine's messages goes out and what of its own. It signs for itself alone.
 */
export abstract class Traitor implements Host {
  readonly index: number;
  protected readonly world: World;
  protected readonly brain: Machine;
  readonly peers: readonly number[];
  /** Every signed message it has come by, by instance. */
  readonly #heard = new Map<string, SignedMessage[]>();
  #acts = 0;

  constructor(world: World, index: number) {
    this.world = world;
    this.index = index;
    this.peers = Array.from({ length: world.plan.nodes }, (_, node) => node).filter((node) => node !== index);
    this.brain = new Machine(world, index, { honest: false, say: (to, envelope) => this.say(to, envelope) });
  }

  /** What its machine wants to send. */
  protected abstract say(to: readonly number[], envelope: Envelope): void;

  /** What it does of its own accord on hearing something. */
  protected onHeard(_from: number, _envelope: Envelope): void {}

  begin(which: number): void {
    this.brain.begin(which);
  }

  deliver(from: number, envelope: Envelope): void {
    this.remember(envelope);
    this.brain.deliver(from, envelope);
    this.onHeard(from, envelope);
  }

  reconnected(to: number): void {
    this.brain.reconnected(to);
  }

  suspect(nodes: readonly number[]): void {
    this.brain.suspect(nodes);
  }

  heal(): void {
    this.brain.heal();
  }

  protected remember({ instance, message, justification }: Envelope): void {
    const key = instanceKey(instance);
    const heard = this.#heard.get(key) ?? [];
    this.#heard.set(key, heard);
    if (heard.length < HEARD_MAX) heard.push(message, ...justification);
  }

  /** What it has of a type, each sender once: of one round, or of any. */
  protected have(instance: InstanceId, type: MessageType, round?: number): SignedMessage[] {
    const heard = this.#heard.get(instanceKey(instance)) ?? [];
    const bySender = new Map(
      heard
        .filter((each) => each.type === type && (round === undefined || each.round === round))
        .map((each) => [each.sender, each]),
    );
    return [...bySender.values()];
  }

  protected get quorum(): number {
    return quorumOf(this.world.plan.nodes);
  }

  protected leads(instance: InstanceId, round: number): boolean {
    return leaderOf(instance, round, this.world.plan.nodes) === this.index;
  }

  protected sign(
    instance: InstanceId,
    type: MessageType,
    round: number,
    value: Root,
    preparedRound = 0,
  ): SignedMessage {
    const fields: Message = { type, sender: this.index, round, valueHash: value, preparedRound };
    const { rules, lockHash, authenticators } = this.world;
    const prefix = rules.prefix(lockHash, instance);
    return { ...fields, signature: authenticators[this.index]!.sign(signingBytes(prefix, fields)) };
  }

  protected send(
    to: readonly number[],
    instance: InstanceId,
    message: SignedMessage,
    justification: readonly SignedMessage[] = [],
    value?: Uint8Array,
  ): void {
    const { lockHash } = this.world;
    const envelope = { lockHash, instance, message, justification, ...(value === undefined ? {} : { value }) };
    this.world.send(this.index, to, envelope);
  }

  /** Does something now or soon, so many times in a schedule and no more. */
  protected soon(act: () => void, withinMs = 300): void {
    this.#acts += 1;
    if (this.#acts > ACTS_MAX) return;
    const { timeline, random } = this.world;
    timeline.at(timeline.now + random.between(0, withinMs), act);
  }

  protected change(instance: InstanceId, round: number): SignedMessage {
    return this.sign(instance, 'ROUND-CHANGE', round, NO_VALUE);
  }

  protected hash(value: Uint8Array): Root {
    return hashValue(value);
  }
}

import {
  type Authenticator,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  type InstanceId,
  instancePrefix,
  type Message,
  type MessageType,
  type SignedMessage,
  signingBytes,
} from '@holdfast/consensus';
import { CHANNELS } from '@holdfast/node';
import type { Root } from '@holdfast/units';
import type { Chance } from './chance.ts';

const VALUE_BYTES_MAX = 12 * 2 ** 20;

export interface StageOptions {
  readonly place: number;
  readonly nodes: number;
  readonly lockHash: Root;
  /** Signs with the traitor's own identity: it has no other. */
  readonly authenticator: Authenticator;
  readonly chance: Chance;
  /** Onto the wire, past the mask. */
  readonly send: (to: number, channel: number, payload: Uint8Array) => void;
  readonly later: (ms: number, act: () => void) => void;
  /** A signature by the traitor's share of a validator. */
  readonly partial: (validator: number, signingRoot: Uint8Array) => Uint8Array;
}

/** What a traitor has to work with: its identity, its share, its links, and all that it hears. */
export class Stage {
  readonly chance: Chance;
  readonly place: number;
  readonly nodes: number;
  readonly peers: readonly number[];
  readonly partial: StageOptions['partial'];
  readonly later: StageOptions['later'];
  readonly #options: StageOptions;

  constructor(options: StageOptions) {
    const { place, nodes, chance, partial, later } = options;
    this.#options = options;
    this.place = place;
    this.nodes = nodes;
    this.chance = chance;
    this.partial = partial;
    this.later = later;
    this.peers = Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== place);
  }

  raw(to: number, channel: number, payload: Uint8Array): void {
    this.#options.send(to, channel, payload);
  }

  send(
    to: readonly number[],
    instance: InstanceId,
    message: SignedMessage,
    justification: readonly SignedMessage[] = [],
    value?: Uint8Array,
  ): void {
    const { lockHash } = this.#options;
    const envelope: Envelope = { lockHash, instance, message, justification };
    const bytes = encodeEnvelope(value === undefined ? envelope : { ...envelope, value });
    for (const node of to) this.raw(node, CHANNELS.consensus, bytes);
  }

  sign(
    instance: InstanceId,
    type: MessageType,
    round: number,
    valueHash: Root,
    preparedRound = 0,
    sender: number = this.place,
  ): SignedMessage {
    const { lockHash, authenticator } = this.#options;
    const fields: Message = { type, sender, round, valueHash, preparedRound };
    return { ...fields, signature: authenticator.sign(signingBytes(instancePrefix(lockHash, instance), fields)) };
  }

  read(payload: Uint8Array): Envelope {
    return decodeEnvelope(payload, VALUE_BYTES_MAX);
  }
}

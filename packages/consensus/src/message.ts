import type { Root, Slot } from '@holdfast/units';
import type { DutyType } from './cluster/duties.ts';

/** One thing to agree on: a duty of a slot. With the cluster's lock hash it is bound into every signature. */
export interface InstanceId {
  readonly duty: DutyType;
  readonly slot: Slot;
}

/** The nodes that agree, and which of them this is. */
export interface Cluster {
  readonly lockHash: Root;
  /** n, the number of nodes in the cluster lock. */
  readonly nodes: number;
  /** This node's index in the lock, from 0. */
  readonly self: number;
}

/** The messages of QBFT (Moniz, "The Istanbul BFT Consensus Algorithm", arXiv 2002.03613), and a certificate of a decision. */
export const MESSAGE_TYPES = ['PRE-PREPARE', 'PREPARE', 'COMMIT', 'ROUND-CHANGE', 'DECIDED'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** What a message says beside the instance it is about. */
export interface Message {
  readonly type: MessageType;
  /** The node's index in the cluster lock, from 0. */
  readonly sender: number;
  /** From 1. */
  readonly round: number;
  /** SHA-256 of the value; in a ROUND-CHANGE that of the prepared value, zero when nothing is prepared. */
  readonly valueHash: Root;
  /** In a ROUND-CHANGE the round of the highest quorum of PREPAREs the sender has seen, 0 for none; else 0. */
  readonly preparedRound: number;
}

export interface SignedMessage extends Message {
  /** Over `signingBytes` of the message in its cluster and instance. */
  readonly signature: Uint8Array;
}

/**
 * What travels between nodes. The justification proves that the message may be sent, by messages of other nodes:
 * - PRE-PREPARE: nothing in round 1; later a quorum of ROUND-CHANGEs and, if any is prepared, the quorum of PREPAREs.
 * - PREPARE: the PRE-PREPARE that it answers, so that a leader which told others differently is found out at once.
 * - ROUND-CHANGE: the quorum of PREPAREs for the prepared value, if any.
 * - DECIDED: the quorum of COMMITs.
 */
export interface Envelope {
  readonly lockHash: Root;
  readonly instance: InstanceId;
  readonly message: SignedMessage;
  readonly justification: readonly SignedMessage[];
  /** The bytes behind `valueHash`: with PRE-PREPARE and DECIDED, and with ROUND-CHANGE to the new leader. */
  readonly value?: Uint8Array;
}

/**
 * How nodes know each other's messages. The adapter holds the node's own key and the public keys of the cluster lock.
 * Both calls are synchronous and deterministic; `verify` never throws.
 */
export interface Authenticator {
  sign(bytes: Uint8Array): Uint8Array;
  verify(sender: number, bytes: Uint8Array, signature: Uint8Array): boolean;
}

export const NO_VALUE = `0x${'00'.repeat(32)}` as Root;

/** What identifies an instance in maps and logs: `attester/123`. */
export const instanceKey = ({ duty, slot }: InstanceId): string => `${duty}/${slot}`;

/** Whether two signed messages of the same sender, type and round say the same. Signatures may differ. */
export function saysTheSame(a: Message, b: Message): boolean {
  return a.valueHash === b.valueHash && a.preparedRound === b.preparedRound;
}

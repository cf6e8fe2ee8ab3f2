import type { Root } from '@holdfast/units';
import type { Evidence } from '../evidence.ts';
import type { Envelope, SignedMessage } from '../message.ts';

/** What an agreement is told. Time is told too: an expired timer is an input like any other. */
export type Input =
  /** The duty began: take part. `value` is what this node would propose, where it is known already. */
  | { readonly type: 'start'; readonly value?: Uint8Array }
  /** This node's own proposal came late. The first one stands. */
  | { readonly type: 'value'; readonly value: Uint8Array }
  /** A peer's message, by the peer that the transport authenticated. */
  | { readonly type: 'message'; readonly from: number; readonly envelope: Envelope }
  /** The timer of a round fired. Early or late it can harm no agreement, only delay it. */
  | { readonly type: 'timeout'; readonly round: number }
  /** The nodes that are known to be unreachable now, all of them. Rounds that they lead are passed over at once. */
  | { readonly type: 'suspect'; readonly nodes: readonly number[] }
  /** The connection to a peer is back: it may have missed what was sent. */
  | { readonly type: 'resend'; readonly to: number }
  /** Values that `isValid` refused may be valid now. */
  | { readonly type: 'recheck' };

/** What an agreement wants done, in this order. */
export type Effect =
  /** Make this durable before any effect after it. `value` is to be kept by its hash, beside earlier ones. */
  | { readonly type: 'persist'; readonly record: Uint8Array; readonly value?: KeptValue }
  | { readonly type: 'send'; readonly to: readonly number[]; readonly envelope: Envelope }
  /** Give `timeout` for `round` at `atMs` after the slot's start, at once if that is past. Replaces the timer before. */
  | { readonly type: 'timer'; readonly round: number; readonly atMs: number }
  /** The agreement, once. `proof` is a quorum of COMMITs for `valueHash` in `round`. */
  | ({ readonly type: 'decided' } & Decision)
  /** A node has signed what no honest node signs. The evidence convinces anyone who has the cluster lock. */
  | { readonly type: 'accused'; readonly evidence: Evidence }
  /**
   * Two quorums have decided two values, which more than f traitors alone can bring about. Stop signing, alert people, keep
   * both: `blameForFork` names the traitors. An agreement that has not decided when it learns of this never will.
   */
  | { readonly type: 'forked'; readonly proofs: readonly [readonly SignedMessage[], readonly SignedMessage[]] }
  /** An input was not used, and whose fault that was. */
  | { readonly type: 'dropped'; readonly from: number; readonly reason: DropReason };

export interface KeptValue {
  readonly hash: Root;
  readonly bytes: Uint8Array;
}

export interface Decision {
  readonly value: Uint8Array;
  readonly valueHash: Root;
  readonly round: number;
  readonly proof: readonly SignedMessage[];
}

/**
 * Why a message was dropped, with what it costs the peer in points. Points are for the node to disconnect by: what an
 * honest peer on a bad network may cause is cheap, what only a broken or lying one sends is dear.
 */
export const PENALTIES = {
  /** The same once more, as after a reconnection. */
  replayed: 1,
  /** Of a round or slot that is over, or a vote where a quorum has voted so. */
  stale: 0,
  /** Of a round or slot too far ahead. */
  future: 5,
  /** Of an instance that is no duty of this cluster. */
  unknownInstance: 5,
  /** More messages in one instance than the protocol has. */
  flood: 20,
  malformed: 50,
  oversize: 50,
  wrongCluster: 50,
  /** Sent in another node's name. */
  impersonation: 100,
  badSignature: 100,
  unjustified: 100,
  /** The value is not the one whose hash was signed. */
  wrongValue: 100,
  /** The value is refused by the external validity predicate. Views may differ for a moment. */
  invalidValue: 10,
  /** Evidence exists: see `accused`. */
  equivocation: 200,
} as const;
export type DropReason = keyof typeof PENALTIES;

import type { PeersOptions } from './peers.ts';

/** What a cluster needs of its network. Messages are best effort, in order while a link lasts. */
export interface Links {
  /** Multiaddrs that others can dial. */
  readonly addresses: readonly string[];
  /** Peers that can be written to and were heard of late. */
  readonly connected: readonly string[];
  /** To one peer. False when it was dropped: the peer is away, or its queue is full. */
  send(peerId: string, channel: number, payload: Uint8Array): boolean;
  /** To every other member. */
  broadcast(channel: number, payload: Uint8Array): void;
  close(): Promise<void>;
}

/** Opens the links of one node. Peers are known by the identities that the transport has proven. */
export type OpenLinks = (options: PeersOptions) => Promise<Links>;

import { randomBytes } from 'node:crypto';
import { peerIdFromString } from '@libp2p/peer-id';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { NotAMemberError, TwinError } from '../errors.ts';
import type { Hearing } from './hearing.ts';
import type { NodeIdentity } from './identity.ts';
import { Link, type LinkLimits } from './link.ts';
import { quickNoise } from './noise.ts';
import { grantSeldom } from './window.ts';

export interface PeerAddress {
  readonly peerId: string;
  /** Multiaddrs, for example `/ip4/10.0.0.2/tcp/9100`. Empty: this peer can only come to us. */
  readonly addresses: readonly string[];
}

export interface PeersOptions {
  readonly identity: NodeIdentity;
  /** All members, this node among them: the identities of the cluster lock. Nobody else is let in. */
  readonly members: readonly PeerAddress[];
  /** What binds the wire to one cluster: peers with another lock do not speak the same protocol. */
  readonly lockHash: string;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  readonly onMessage: (from: string, channel: number, payload: Uint8Array) => void;
  readonly onPeer?: (peerId: string, up: boolean) => void;
  /** Another machine runs with this node's identity: signing must stop. */
  readonly onTwin?: (error: TwinError) => void;
  readonly limits?: Partial<LinkLimits>;
  /** Milliseconds between attempts to reach a peer that is away. */
  readonly redialMs?: number;
  /** How a peer's silence is measured; tests measure it wrongly. */
  readonly hearing?: () => Hearing;
}

/**
 * How much a peer may send ahead. Bytes of a stream come to us in pieces of up to this size, and a peer is heard with each:
 * on a line of 4 Mbit/s or more it does not pass for silent while it sends a block.
 */
const WINDOW_BYTES = 2 * 2 ** 20;

/** What a link did, for metrics and for the peer's score. */
export interface PeerCounters {
  sent: number;
  received: number;
  bytesSent: number;
  bytesReceived: number;
  /** Messages not sent: the peer is away, or does not read. */
  dropped: number;
  /** Frames and floods that broke the limits. */
  offences: number;
}

const blank = (): PeerCounters => ({ sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, dropped: 0, offences: 0 });

/**
 * The links of one node to the others of its cluster: TCP, noise, yamux; identities of the lock only. One stream each way
 * a pair, kept open, so that a message costs a frame and no handshake. Messages are best effort, in order while a link
 * lasts: what is above must live with loss.
 */
export class Peers {
  readonly #options: PeersOptions;
  readonly #node: Libp2p;
  readonly #links = new Map<string, Link>();
  readonly #counters = new Map<string, PeerCounters>();
  readonly #twins = new Set<string>();
  readonly #boot = randomBytes(8);
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  private constructor(options: PeersOptions, node: Libp2p) {
    this.#options = options;
    this.#node = node;
    for (const { peerId } of this.#others) this.#counters.set(peerId, blank());
  }

  /** @throws NotAMemberError when the lock does not name this identity. */
  static async start(options: PeersOptions): Promise<Peers> {
    const members = new Set(options.members.map(({ peerId }) => peerId));
    if (!members.has(options.identity.peerId)) throw new NotAMemberError(options.identity.peerId);
    const stranger = (peerId: { toString(): string }): boolean => !members.has(peerId.toString());
    const node = await createLibp2p({
      start: false,
      privateKey: options.identity.privateKey,
      addresses: { listen: [...options.listen] },
      transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
      connectionEncrypters: [quickNoise()],
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: WINDOW_BYTES } })],
      connectionMonitor: { enabled: false },
      connectionManager: { maxConnections: 4 * members.size, inboundUpgradeTimeout: 5000, dialTimeout: 5000 },
      connectionGater: {
        denyDialPeer: stranger,
        denyDialMultiaddr: () => false,
        denyInboundEncryptedConnection: stranger,
        denyOutboundEncryptedConnection: stranger,
      },
    });
    const peers = new Peers(options, node);
    await node.handle(
      peers.#protocol,
      (stream, connection) => peers.#linkOf(connection.remotePeer.toString()).accept(grantSeldom(stream)),
      { maxInboundStreams: 4, maxOutboundStreams: 4 },
    );
    await node.start();
    for (const { peerId } of peers.#others) peers.#keep(peerId);
    return peers;
  }

  /** Multiaddrs that others can dial. */
  get addresses(): string[] {
    return this.#node.getMultiaddrs().map(String);
  }

  /** Peers that can be written to and were heard of late. */
  get connected(): string[] {
    return this.#others.map(({ peerId }) => peerId).filter((peerId) => this.#links.get(peerId)?.up);
  }

  counters(peerId: string): Readonly<PeerCounters> {
    return this.#counters.get(peerId) ?? blank();
  }

  /** To one peer. False when it was dropped: the peer is away, or its queue is full. */
  send(peerId: string, channel: number, payload: Uint8Array): boolean {
    const sent = this.#links.get(peerId)?.send(channel, payload) ?? false;
    if (!sent && this.#counters.has(peerId)) this.#counters.get(peerId)!.dropped += 1;
    return sent;
  }

  /** To every other member. */
  broadcast(channel: number, payload: Uint8Array): void {
    for (const { peerId } of this.#others) this.send(peerId, channel, payload);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const link of this.#links.values()) link.close();
    await this.#node.stop();
  }

  get #others(): PeerAddress[] {
    return this.#options.members.filter(({ peerId }) => peerId !== this.#options.identity.peerId);
  }

  get #protocol(): string {
    return `/holdfast/cluster/1/${this.#options.lockHash}`;
  }

  #linkOf(peerId: string): Link {
    const known = this.#links.get(peerId);
    if (known) return known;
    const link = new Link({
      counters: this.#counters.get(peerId) ?? blank(),
      ...(this.#options.limits ? { limits: this.#options.limits } : {}),
      ...(this.#options.hearing ? { hearing: this.#options.hearing() } : {}),
      hello: this.#boot,
      onTwin: () => this.#twinSeenBy(peerId),
      onMessage: (channel, payload) => this.#options.onMessage(peerId, channel, payload),
      onState: (up) => this.#options.onPeer?.(peerId, up),
      onClosed: () => this.#keep(peerId),
      onSilent: () => this.#hangUp(peerId),
    });
    this.#links.set(peerId, link);
    return link;
  }

  /** One peer could lie about it; f + 1 cannot all. */
  #twinSeenBy(peerId: string): void {
    this.#twins.add(peerId);
    const faulty = Math.floor((this.#options.members.length - 1) / 3);
    if (this.#twins.size === faulty + 1)
      this.#options.onTwin?.(new TwinError(this.#options.identity.peerId, [...this.#twins]));
  }

  #hangUp(peerId: string): void {
    for (const connection of this.#node.getConnections(peerIdFromString(peerId))) {
      connection.abort(new Error('the peer is silent'));
    }
  }

  /** Opens our stream to a peer, again and again while it is away. */
  #keep(peerId: string): void {
    if (this.#closed || this.#timers.has(peerId)) return;
    const attempt = async (): Promise<void> => {
      const link = this.#linkOf(peerId);
      if (!link.writable) {
        try {
          link.attach(await this.#open(peerId));
        } catch {
          this.#again(peerId, attempt);
          return;
        }
      }
      this.#timers.delete(peerId);
    };
    this.#timers.set(
      peerId,
      setTimeout(() => void attempt(), 0),
    );
  }

  #again(peerId: string, attempt: () => Promise<void>): void {
    if (this.#closed) return;
    const wait = (this.#options.redialMs ?? 1000) * (0.75 + Math.random() / 2);
    this.#timers.set(peerId, setTimeout(() => void attempt(), wait).unref());
  }

  async #open(peerId: string): ReturnType<Libp2p['dialProtocol']> {
    const id = peerIdFromString(peerId);
    const addresses = this.#options.members.find((member) => member.peerId === peerId)?.addresses ?? [];
    const [connection] = this.#node.getConnections(id);
    if (connection) return connection.newStream(this.#protocol, { signal: AbortSignal.timeout(5000) });
    if (addresses.length === 0) throw new Error('no address: it will come to us');
    const targets: Multiaddr[] = addresses.map((address) =>
      multiaddr(address.includes('/p2p/') ? address : `${address}/p2p/${peerId}`),
    );
    return this.#node.dialProtocol(targets, this.#protocol, { signal: AbortSignal.timeout(5000) });
  }
}

import type { Evidence } from '@holdfast/consensus';
import type { Hex, Pubkey, Root } from '@holdfast/units';
import type { Chain } from '../chain.ts';
import type { Clock } from '../clock.ts';
import type { AgreeRequest, Cluster, SigningTask } from '../duties/ports.ts';
import type { TwinError } from '../errors.ts';
import { FrameError } from '../errors.ts';
import type { NodeIdentity } from '../net/identity.ts';
import type { Links, OpenLinks } from '../net/links.ts';
import { Peers } from '../net/peers.ts';
import { Agreeing, type AgreeingObserver } from './Agreeing.ts';
import { identityAuthenticator } from './authenticator.ts';
import type { Journal } from './Journal.ts';
import { type SharedValidator, type ShareSigner, Signing, type SigningObserver } from './Signing.ts';

/** Who reads a message: the agreements, or those who gather partial signatures. */
export const CHANNELS = { consensus: 1, partials: 2 } as const;
/** A block of today with 21 blobs and their proofs. */
const VALUE_BYTES_MAX = 12 * 2 ** 20;

/** A node of the lock, as the others reach it. */
export interface ClusterNode {
  readonly peerId: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly identity: Hex;
  readonly addresses: readonly string[];
}

export interface DvClusterOptions {
  readonly identity: NodeIdentity;
  /** In the order of the lock: node i holds share i + 1. */
  readonly nodes: readonly ClusterNode[];
  readonly lockHash: Root;
  readonly validators: readonly SharedValidator[];
  readonly signer: ShareSigner;
  readonly journal: Journal;
  readonly chain: Chain;
  readonly clock: Clock;
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly observer: ClusterObserver;
  /** How the nodes are linked: libp2p unless told. */
  readonly links?: OpenLinks;
}

export interface ClusterObserver extends AgreeingObserver, SigningObserver {
  peer(node: number, up: boolean): void;
  twin(error: TwinError): void;
  accused(evidence: Evidence): void;
}

/** A cluster over the network: agreement by QBFT, signatures by shares. Alone (n = 1) it needs neither peers nor votes. */
export class DvCluster implements Cluster {
  readonly validators: readonly Pubkey[];
  readonly #options: DvClusterOptions;
  readonly #signing: Signing;
  readonly #agreeing: Agreeing;
  readonly #position: ReadonlyMap<string, number>;
  #peers: Links | undefined;

  private constructor(options: DvClusterOptions) {
    const { nodes, identity, observer, chain, clock } = options;
    this.#options = options;
    this.validators = options.validators.map(({ pubkey }) => pubkey);
    this.#position = new Map(nodes.map(({ peerId }, at) => [peerId, at]));
    const self = nodes.findIndex(({ peerId }) => peerId === identity.peerId);
    this.#signing = new Signing({
      validators: options.validators,
      index: self + 1,
      signer: options.signer,
      clock,
      broadcast: (payload) => this.#peers?.broadcast(CHANNELS.partials, payload),
      observer,
    });
    this.#agreeing = new Agreeing({
      self,
      nodes: nodes.length,
      lockHash: options.lockHash,
      authenticator: identityAuthenticator(
        identity,
        nodes.map((node) => node.identity),
      ),
      journal: options.journal,
      chain,
      clock,
      valueBytesMax: VALUE_BYTES_MAX,
      send: (to, bytes) => this.#peers?.send(nodes[to]!.peerId, CHANNELS.consensus, bytes),
      observer,
    });
  }

  /** Starts to listen and to reach the others; does not wait for them. */
  static async start(options: DvClusterOptions): Promise<DvCluster> {
    const cluster = new DvCluster(options);
    // What peers send at once is of now, not of slot 0.
    cluster.advance(Math.max(0, options.chain.slotAt(options.clock.nowMs())));
    const open: OpenLinks = options.links ?? ((asked) => Peers.start(asked));
    cluster.#peers = await open({
      identity: options.identity,
      members: options.nodes,
      lockHash: options.lockHash,
      listen: options.nodes.length === 1 ? [] : options.listen,
      onMessage: (from, channel, payload) => cluster.#receive(from, channel, payload),
      onPeer: (peerId, up) => cluster.#peer(peerId, up),
      onTwin: (error) => options.observer.twin(error),
    });
    return cluster;
  }

  get addresses(): readonly string[] {
    return this.#peers?.addresses ?? [];
  }

  /** Positions of the nodes that can be reached now. */
  get connected(): readonly number[] {
    return this.#peers?.connected.map((peerId) => this.#position.get(peerId)!) ?? [];
  }

  async agree(request: AgreeRequest, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#options.nodes.length > 1) return this.#agreeing.agree(request, signal);
    const value = await request.propose(signal);
    request.check(value);
    return value;
  }

  async sign(tasks: readonly SigningTask[], deadlineMs: number, signal: AbortSignal): Promise<(Uint8Array | null)[]> {
    return tasks.length === 0 ? [] : this.#signing.sign(tasks, deadlineMs, signal);
  }

  signers(task: SigningTask): number[] {
    return this.#signing.signers(task).map((index) => index - 1);
  }

  /** A new slot: what is over is forgotten. */
  advance(slot: number): void {
    this.#signing.advance(slot);
    this.#agreeing.advance(slot);
  }

  async close(): Promise<void> {
    this.#agreeing.close();
    await this.#peers?.close();
  }

  #receive(from: string, channel: number, payload: Uint8Array): void {
    const node = this.#position.get(from);
    if (node === undefined) return;
    if (channel === CHANNELS.consensus) this.#agreeing.receive(node, payload);
    else if (channel === CHANNELS.partials) this.#signing.receive(node + 1, payload);
    else throw new FrameError('an unknown channel', { channel });
  }

  #peer(peerId: string, up: boolean): void {
    const node = this.#position.get(peerId);
    if (node === undefined) return;
    this.#options.observer.peer(node, up);
    this.#agreeing.peer(node, up);
    if (up) for (const message of this.#signing.recent()) this.#peers?.send(peerId, CHANNELS.partials, message);
  }
}

import type { BeaconClient } from '@holdfast/beacon';
import { type ClusterLock, loadThresholdKey, thresholdScheme } from '@holdfast/keys';
import { fromHex, type Hex, type HoldfastError, joinSignals } from '@holdfast/units';
import { Chain } from './chain.ts';
import { type Clock, systemClock, waitUntil } from './clock.ts';
import { type ClusterNode, DvCluster } from './cluster/DvCluster.ts';
import { Journal } from './cluster/Journal.ts';
import type { SharedValidator, ShareSigner } from './cluster/Signing.ts';
import type { DutyContext } from './duties/context.ts';
import { Duties } from './duties/Duties.ts';
import { Registry } from './duties/Registry.ts';
import { Schedule } from './duties/Schedule.ts';
import { Tasks } from './duties/tasks.ts';
import { NotAMemberError, OwnSlashedError } from './errors.ts';
import { type ExitStatus, Exits } from './exits/Exits.ts';
import { type ExitRequests, NO_EXIT_REQUESTS } from './exits/requests.ts';
import { type NodeIdentity, peerIdOf } from './net/identity.ts';
import { NodeMetrics } from './report/NodeMetrics.ts';
import { type NodeLog, Reporter } from './report/Reporter.ts';
import type { DutyTrace } from './report/Trace.ts';

export interface DvNodeOptions {
  /** Verified (`verifyLock`). */
  readonly lock: ClusterLock;
  readonly identity: NodeIdentity;
  readonly beacon: BeaconClient;
  readonly signer: ShareSigner;
  /** File of the votes. */
  readonly journal: string;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Where nodes are, when not where the lock says: by position. */
  readonly addresses?: ReadonlyMap<number, readonly string[]>;
  /** 32 bytes. */
  readonly graffiti?: Uint8Array;
  readonly gasLimit?: bigint;
  /** Exits that this node's operator asks for. Its signer must not sign others (`requestedExits`). */
  readonly exits?: ExitRequests;
  readonly clock?: Clock;
  /** Told when a duty of a slot was done, or missed. */
  readonly onDuty?: (duty: string, slot: number) => void;
  readonly log?: NodeLog;
}

export interface NodeStatus {
  readonly name: string;
  readonly lockHash: Hex;
  /** Position in the lock, from 0. */
  readonly self: number;
  readonly threshold: number;
  readonly slot: number;
  readonly nodes: readonly {
    readonly node: number;
    readonly peerId: string;
    readonly up: boolean;
    readonly faults: number;
  }[];
  readonly validators: readonly { readonly pubkey: string; readonly index: number | null; readonly active: boolean }[];
  /** Null when duties can be done, else why not. */
  readonly stopped: string | null;
  readonly duties: readonly DutyTrace[];
  /** Exits that operators of the cluster ask for, this node's or others. */
  readonly exits: readonly ExitStatus[];
}

/** One node of a cluster: its links, its votes, its share, its duties. */
export class DvNode {
  readonly metrics = new NodeMetrics(() => this.unwell() === null);
  readonly #options: DvNodeOptions;
  readonly #chain: Chain;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #reporter: Reporter;
  readonly #nodes: readonly ClusterNode[];
  readonly #self: number;
  readonly #registry: Registry;
  readonly #schedule: Schedule;
  readonly #tasks: Tasks;
  #cluster!: DvCluster;
  #exits!: Exits;
  #stopped: HoldfastError | null = null;
  #stop = new AbortController();

  private constructor(options: DvNodeOptions, chain: Chain) {
    const { lock, identity } = options;
    const { operators } = lock.definition;
    this.#options = options;
    this.#chain = chain;
    this.#clock = options.clock ?? systemClock;
    this.#nodes = operators.map(({ identity: key, multiaddrs }, at) => ({
      identity: key,
      peerId: peerIdOf(key),
      addresses: options.addresses?.get(at) ?? multiaddrs,
    }));
    this.#self = this.#nodes.findIndex(({ peerId }) => peerId === identity.peerId);
    if (this.#self < 0) throw new NotAMemberError(identity.peerId);
    // Nobody is there until he is heard: a node that never comes is told of, too.
    for (const node of this.#nodes.keys()) if (node !== this.#self) this.metrics.peer(node, false);
    this.#journal = new Journal(options.journal, lock.lockHash);
    this.#reporter = new Reporter({
      chain,
      clock: this.#clock,
      metrics: this.metrics,
      self: this.#self,
      peerId: identity.peerId,
      log: (...line) => this.#log(...line),
      onDuty: (duty, slot) => options.onDuty?.(duty, slot),
      halt: (error) => this.#halt(error),
    });
    this.#registry = new Registry(
      options.beacon,
      lock.validators.map(({ pubkey }) => pubkey),
    );
    this.#schedule = new Schedule(options.beacon, this.#registry);
    this.#tasks = new Tasks(chain);
  }

  /**
   * Reads the network, opens the journal, starts the links.
   *
   * @throws ChainMismatchError, NotAMemberError, JournalError: nothing is left running.
   */
  static async start(options: DvNodeOptions): Promise<DvNode> {
    const chain = await Chain.read(options.beacon, options.lock.definition.network.genesisValidatorsRoot);
    const node = new DvNode(options, chain);
    try {
      node.#cluster = await DvCluster.start({
        identity: options.identity,
        nodes: node.#nodes,
        lockHash: options.lock.lockHash,
        validators: node.#validators(),
        signer: options.signer,
        journal: node.#journal,
        chain,
        clock: node.#clock,
        listen: options.listen,
        observer: node.#reporter.cluster(),
      });
    } catch (error) {
      node.#journal.close();
      throw error;
    }
    node.#exits = node.#newExits();
    // The others may be at work before this node is told to run.
    void node.#tick(node.#stop.signal);
    return node;
  }

  get chain(): Chain {
    return this.#chain;
  }

  /** Multiaddrs that others can dial. */
  get addresses(): readonly string[] {
    return this.#cluster.addresses;
  }

  /** Does duties until the signal fires. @throws when it must not go on: a twin, an own validator slashed. */
  async run(signal: AbortSignal): Promise<void> {
    using stop = joinSignals(signal, this.#stop.signal);
    const { beacon, lock, graffiti, gasLimit } = this.#options;
    const context: DutyContext = {
      beacon,
      chain: this.#chain,
      clock: this.#clock,
      cluster: this.#cluster,
      tasks: this.#tasks,
      registry: this.#registry,
      schedule: this.#schedule,
      observer: this.#reporter.duties(),
      exits: this.#exits,
      feeRecipient: lock.definition.feeRecipient,
      gasLimit: gasLimit ?? 60_000_000n,
      graffiti: graffiti ?? new Uint8Array(32),
    };
    await new Duties(context).run(stop.signal);
    if (this.#stopped) throw this.#stopped;
  }

  /** Whether a validator of the cluster attests in this slot, as far as the schedule is known. */
  attestsAt(slot: number): boolean {
    return this.#schedule.attestersAt(slot).length > 0;
  }

  status(): NodeStatus {
    const { lock } = this.#options;
    const connected = new Set(this.#cluster.connected);
    const members = new Map(this.#registry.active.map((member) => [member.pubkey, member]));
    return {
      name: lock.definition.name,
      lockHash: lock.lockHash,
      self: this.#self,
      threshold: lock.definition.threshold,
      slot: this.#chain.slotAt(this.#clock.nowMs()),
      nodes: this.#nodes.map(({ peerId }, node) => ({
        node,
        peerId,
        up: node === this.#self || connected.has(node),
        faults: this.#reporter.faultsOf(node),
      })),
      validators: lock.validators.map(({ pubkey }) => ({
        pubkey,
        index: members.get(pubkey)?.index ?? null,
        active: members.has(pubkey),
      })),
      stopped: this.unwell(),
      duties: this.#reporter.trace.recent(),
      exits: this.#exits.status(),
    };
  }

  /** Null when duties can be done, else why not. */
  unwell(): string | null {
    if (this.#stopped) return this.#stopped.message;
    const up = this.#cluster.connected.length + 1;
    const { threshold } = this.#options.lock.definition;
    return up >= threshold ? null : `${up} of ${this.#nodes.length} nodes can be reached; ${threshold} must agree`;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#cluster.close();
    this.#journal.close();
  }

  /** Each slot: what is over is forgotten, and whether one of ours was slashed. */
  async #tick(signal: AbortSignal): Promise<void> {
    try {
      for (let slot = this.#chain.slotAt(this.#clock.nowMs()) + 1; !signal.aborted; slot += 1) {
        await waitUntil(this.#clock, this.#chain.startMs(slot), signal);
        slot = Math.max(slot, this.#chain.slotAt(this.#clock.nowMs()));
        this.#cluster.advance(slot);
        const [slashed] = this.#registry.slashed;
        if (slashed) this.#halt(new OwnSlashedError(slashed.pubkey, slashed.index));
      }
    } catch (error) {
      if (!signal.aborted) this.#halt(error as HoldfastError);
    }
  }

  #halt(error: HoldfastError): void {
    this.#stopped ??= error;
    this.#log('error', 'node.halted', { code: error.code, why: error.message });
    this.#stop.abort(error);
  }

  #validators(): SharedValidator[] {
    const { threshold, operators } = this.#options.lock.definition;
    const scheme = thresholdScheme(threshold, operators.length);
    return this.#options.lock.validators.map(({ pubkey, sharePubkeys }) => ({
      pubkey,
      sharePubkey: sharePubkeys[this.#self]!,
      key: loadThresholdKey(
        scheme,
        fromHex(pubkey),
        sharePubkeys.map((share) => fromHex(share)),
      ),
    }));
  }

  #log(...line: Parameters<NodeLog>): void {
    this.#options.log?.(...line);
  }

  #newExits(): Exits {
    const { beacon, exits, lock } = this.#options;
    return new Exits({
      beacon,
      chain: this.#chain,
      clock: this.#clock,
      cluster: this.#cluster,
      threshold: lock.definition.threshold,
      tasks: this.#tasks,
      registry: this.#registry,
      requests: exits ?? NO_EXIT_REQUESTS,
      observer: { ...this.#reporter.exits(), stage: this.#reporter.duties().stage },
    });
  }
}

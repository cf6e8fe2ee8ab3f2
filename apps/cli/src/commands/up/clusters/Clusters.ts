import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOrder, ClusterRow } from '@holdfast/dashboard';
import type { Devnet } from '@holdfast/devnet';
import type { Interchange } from '@holdfast/protection';
import type { Hex, Pubkey } from '@holdfast/units';
import type { Context } from '../../../context.ts';
import type { Operator } from '../cast.ts';
import { networkOf } from '../keys.ts';
import { dealCluster } from './deal.ts';
import { ClusterNodeError, type NodeProcess } from './NodeProcess.ts';
import { OperatorCluster } from './OperatorCluster.ts';
import type { NodeSetup } from './protocol.ts';

/** So much of a slot must be left when duties change hands, for the nodes to be there when the next one begins. */
const HANDOVER_PART = 1 / 2;
const LOOK_MS = 50;
const MESH_MS = 60_000;
/** So many nodes start at a time: the chain and the page go on meanwhile, on a small machine too. */
const STARTING_MAX = 2;

export interface ClustersOptions {
  readonly devnet: Devnet;
  readonly operators: readonly Operator[];
  readonly beaconUrl: string;
  readonly vault: Hex;
  readonly dataDir: string;
}

/** The clusters of `up`: begun when the page can be seen, handed the operators' duties when they are ready. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #stop = new AbortController();
  #clusters: readonly OperatorCluster[] = [];
  #starting: Promise<void> = Promise.resolve();

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  get clusters(): readonly OperatorCluster[] {
    return this.#clusters;
  }

  rows(): ClusterRow[] {
    return this.#clusters.map((cluster) => cluster.row(this.#options.devnet.slot));
  }

  /** @throws ClusterNodeError */
  async act({ cluster: name, node, act }: ClusterOrder): Promise<void> {
    const cluster = this.#clusters.find((one) => one.name === name);
    if (!cluster) throw new ClusterNodeError('there is no such cluster', { cluster: name });
    this.#stop.signal.throwIfAborted();
    await cluster.act(node, act);
  }

  /**
   * Resolves when the nodes have the duties. Until then the devnet does them.
   *
   * @param detail told what is going on, for people
   * @throws ClusterNodeError
   */
  start(context: Context, detail: (text: string) => void): Promise<void> {
    this.#starting = this.#begin(context, detail);
    return this.#starting;
  }

  /** Nothing more is started. Resolves when nothing is starting. */
  async halt(): Promise<void> {
    this.#stop.abort();
    await this.#starting.catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.halt();
    await Promise.all(this.#clusters.map((cluster) => cluster.stop()));
  }

  async #begin(context: Context, detail: (text: string) => void): Promise<void> {
    const { devnet, operators, beaconUrl, vault, dataDir } = this.#options;
    // Each run has a chain of its own.
    const directory = join(dataDir, `clusters-${devnet.genesisTime}`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const setup: NodeSetup = { beaconUrl, network: networkOf(devnet), vault };
    const slotMs = devnet.config.SLOT_DURATION_MS;
    detail('their keys are split');
    const dealt: OperatorCluster[] = [];
    for (const operator of operators) {
      this.#stop.signal.throwIfAborted();
      const parts = await dealCluster(operator, join(directory, operator.name.toLowerCase()), setup, context);
      dealt.push(new OperatorCluster(operator.name, parts, slotMs));
    }
    this.#clusters = dealt;
    await this.#startNodes(detail);
    detail('the nodes look for each other');
    await this.#until(() => dealt.every(({ meshed }) => meshed), MESH_MS, 'the nodes do not reach each other');
    detail('they take over at the end of the epoch');
    await this.#handOver(dealt);
    detail(`${dealt.flatMap(({ nodes }) => nodes).length} nodes have the duties`);
  }

  /** The first alone, since the others use what it compiled; then a few at a time. */
  async #startNodes(detail: (text: string) => void): Promise<void> {
    const nodes = this.#clusters.flatMap((cluster) => cluster.nodes);
    let up = 0;
    const startNext = async (node: NodeProcess): Promise<void> => {
      this.#stop.signal.throwIfAborted();
      await node.start();
      up += 1;
      detail(`${up} of ${nodes.length} nodes are up`);
    };
    const [first, ...waiting] = nodes;
    if (first) await startNext(first);
    const lane = async (): Promise<void> => {
      for (let node = waiting.shift(); node; node = waiting.shift()) await startNext(node);
    };
    const lanes = Array.from({ length: STARTING_MAX }, lane);
    try {
      await Promise.all(lanes);
    } finally {
      waiting.length = 0;
      await Promise.allSettled(lanes);
    }
  }

  /**
   * Between the last slot of an epoch and the first of the next, so that no validator votes twice in one, and none not at
   * all. What the whole keys signed binds the shares too.
   */
  async #handOver(clusters: readonly OperatorCluster[]): Promise<void> {
    const { devnet } = this.#options;
    const { slotsPerEpoch } = networkOf(devnet);
    const pubkeys = clusters.flatMap((cluster) => cluster.pubkeys);
    for (;;) {
      const handed = await devnet.exclusively(() => {
        const isLastOfEpoch = devnet.slot % slotsPerEpoch === slotsPerEpoch - 1;
        if (!isLastOfEpoch || !this.#hasTimeLeft()) return null;
        devnet.roster.handOver(pubkeys);
        // What the devnet was told not to do is not its to do any more.
        devnet.chain.faults.inject({ kind: 'online', validators: pubkeys }, pubkeys, devnet.slot);
        return { slot: devnet.slot, epoch: devnet.epoch, source: devnet.state.currentJustifiedCheckpoint.epoch };
      });
      if (handed) {
        const { slot, epoch, source } = handed;
        const marks = {
          signed_blocks: [{ slot: String(slot) }],
          signed_attestations: [{ source_epoch: String(source), target_epoch: String(epoch) }],
        };
        for (const cluster of clusters) cluster.run(slot + 1, (shares) => this.#interchange(shares, marks));
        return;
      }
      await sleep(LOOK_MS, undefined, { signal: this.#stop.signal });
    }
  }

  #hasTimeLeft(): boolean {
    const { devnet } = this.#options;
    const slotMs = devnet.config.SLOT_DURATION_MS;
    const nextMs = devnet.genesisTime * 1000 + (devnet.slot + 1) * slotMs;
    return nextMs - Date.now() >= slotMs * HANDOVER_PART;
  }

  #interchange(
    shares: readonly Pubkey[],
    marks: Pick<Interchange['data'][number], 'signed_blocks' | 'signed_attestations'>,
  ): Interchange {
    const { genesisValidatorsRoot } = networkOf(this.#options.devnet);
    return {
      metadata: { interchange_format_version: '5', genesis_validators_root: genesisValidatorsRoot },
      data: shares.map((pubkey) => ({ pubkey, ...marks })),
    };
  }

  async #until(reached: () => boolean, withinMs: number, otherwise: string): Promise<void> {
    const end = performance.now() + withinMs;
    while (!reached()) {
      if (performance.now() > end) throw new ClusterNodeError(otherwise, {});
      await sleep(LOOK_MS, undefined, { signal: this.#stop.signal });
    }
  }
}

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
import { ClusterNodeError } from './NodeProcess.ts';
import { OperatorCluster } from './OperatorCluster.ts';
import type { NodeSetup } from './protocol.ts';

/** So much of a slot must be left when duties change hands, for the nodes to be there when the next one begins. */
const HANDOVER_PART = 1 / 2;
const LOOK_MS = 50;
const MESH_MS = 60_000;

export interface ClustersOptions {
  readonly devnet: Devnet;
  readonly operators: readonly Operator[];
  readonly beaconUrl: string;
  readonly vault: Hex;
  readonly dataDir: string;
}

/** The clusters of `up --clusters`: begun when the page can be seen, handed the operators' duties when they are ready. */
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
    return this.#clusters.map((cluster) => cluster.row());
  }

  /** @throws ClusterNodeError */
  async act({ cluster: name, node, act }: ClusterOrder): Promise<void> {
    const cluster = this.#clusters.find((one) => one.name === name);
    if (!cluster) throw new ClusterNodeError('there is no such cluster', { cluster: name });
    this.#stop.signal.throwIfAborted();
    await cluster.act(node, act);
  }

  /** Resolves when the nodes have the duties. Until then the devnet does them. */
  start(context: Context): Promise<void> {
    this.#starting = this.#begin(context);
    return this.#starting;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#starting.catch(() => undefined);
    await Promise.all(this.#clusters.map((cluster) => cluster.stop()));
  }

  async #begin(context: Context): Promise<void> {
    const { devnet, operators, beaconUrl, vault, dataDir } = this.#options;
    // Each run has a chain of its own.
    const directory = join(dataDir, `clusters-${devnet.genesisTime}`);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const setup: NodeSetup = { beaconUrl, network: networkOf(devnet), vault };
    const slotMs = devnet.config.SLOT_DURATION_MS;
    const begun: OperatorCluster[] = [];
    // One after the other: on a small machine the chain and the page go on meanwhile.
    for (const operator of operators) {
      const dealt = await dealCluster(operator, join(directory, operator.name.toLowerCase()), setup, context);
      const cluster = new OperatorCluster(operator.name, dealt, slotMs);
      begun.push(cluster);
      this.#clusters = [...begun];
      this.#stop.signal.throwIfAborted();
      await cluster.start();
    }
    await this.#until(() => begun.every(({ meshed }) => meshed), MESH_MS, 'the nodes do not reach each other');
    await this.#handOver(begun);
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

import type { PoolManifest } from '@holdfast/pool';
import type { AccountState, DashboardState } from '../../shared/state.ts';
import { composeState } from '../model/composeState.ts';
import { requestsOf } from '../model/requests.ts';
import type { ClustersPort, DashboardLog, DevAccountLabel } from '../options.ts';
import { BeaconReader } from './BeaconReader.ts';
import { ChainReader } from './ChainReader.ts';
import { DevnetReader } from './DevnetReader.ts';
import { HealthBox } from './HealthBox.ts';
import { Loop } from './Loop.ts';

export interface WatcherOptions {
  readonly manifest: PoolManifest;
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  readonly devnetUrl?: string | undefined;
  readonly clusters?: ClustersPort | undefined;
  readonly accounts: readonly DevAccountLabel[];
  /** Rest between two looks at each source. */
  readonly pollMs: number;
  readonly log: DashboardLog;
}

/** Watches execution layer, beacon node and devnet, each alone: one that fails leaves the others' news untouched. */
export class Watcher {
  readonly chain: ChainReader;
  readonly beacon: BeaconReader;
  readonly #devnet: DevnetReader | null;
  readonly #options: WatcherOptions;
  readonly #listeners = new Set<(json: string) => void>();
  readonly #loops: Loop[] = [];
  readonly #health = { rpc: new HealthBox(Date.now), beacon: new HealthBox(Date.now), devnet: new HealthBox(Date.now) };
  #state: DashboardState;
  #json: string;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.chain = new ChainReader(options.manifest, options.rpcUrl);
    this.beacon = new BeaconReader(options.manifest, options.beaconUrl);
    this.#devnet = options.devnetUrl === undefined ? null : new DevnetReader(options.devnetUrl);
    this.#state = this.#compose();
    this.#json = JSON.stringify(this.#state);
  }

  get manifest(): PoolManifest {
    return this.#options.manifest;
  }

  get state(): DashboardState {
    return this.#state;
  }

  /** The state as JSON, made once for all who ask. */
  get json(): string {
    return this.#json;
  }

  start(): void {
    const beaconLoop = this.#watch('beacon', async () => {
      const snapshot = this.chain.snapshot;
      await this.beacon.refresh(snapshot?.validators ?? [], this.#state.head?.slot ?? 0);
    });
    this.#watch('rpc', async () => {
      if (await this.chain.refresh()) beaconLoop.hurry();
    });
    const devnet = this.#devnet;
    if (devnet) this.#watch('devnet', () => devnet.refresh());
    for (const loop of this.#loops) loop.start();
  }

  /** Looks again without waiting for the next round. */
  hurry(): void {
    for (const loop of this.#loops) loop.hurry();
  }

  /** Tells the listener of each new state, until the returned function is called. */
  on(listener: (json: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  account(address: string): AccountState {
    const queue = this.chain.snapshot?.queue ?? null;
    return { address, requests: requestsOf(this.chain.history, address, queue) };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }

  #watch(source: 'rpc' | 'beacon' | 'devnet', task: () => Promise<void>): Loop {
    const health = this.#health[source];
    const loop = new Loop(async () => {
      const before = health.value;
      try {
        await task();
        health.set('ok');
      } catch (error) {
        health.fail(error);
      }
      if (health.value.state !== before.state) this.#options.log({ source, ...health.value });
      this.#publish();
    }, this.#options.pollMs);
    this.#loops.push(loop);
    return loop;
  }

  #publish(): void {
    this.#state = this.#compose();
    const json = JSON.stringify(this.#state);
    if (json === this.#json) return;
    this.#json = json;
    for (const listener of this.#listeners) listener(json);
  }

  #compose(): DashboardState {
    const devnet = this.#devnet;
    const { rpc, beacon } = this.#health;
    return composeState({
      manifest: this.#options.manifest,
      snapshot: this.chain.snapshot,
      history: this.chain.history,
      beacon: this.beacon.views,
      sightings: this.beacon.sightings,
      finalizedEpoch: this.beacon.finalizedEpoch,
      devnet: devnet && {
        running: devnet.running,
        faults: devnet.faults,
        tamper: devnet.tamper,
        accounts: this.#options.accounts,
      },
      clusters: this.#options.clusters?.rows() ?? null,
      health: { rpc: rpc.value, beacon: beacon.value, devnet: devnet && this.#health.devnet.value },
    });
  }
}

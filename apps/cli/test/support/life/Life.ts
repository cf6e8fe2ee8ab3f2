import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterLock } from '@holdfast/keys';
import type { Pubkey } from '@holdfast/units';
import { NodeProcess } from '../../../src/commands/up/clusters/NodeProcess.ts';
import { type NodeSetup, SETUP_FILE } from '../../../src/commands/up/clusters/protocol.ts';
import { networkOf } from '../../../src/commands/up/keys.ts';
import { Cli, type Ended, killAll, temporary } from '../cli.ts';
import { type Answer, command, writeOperatorKeys } from '../cluster.ts';
import type { Random } from '../random.ts';
import type { InterchangeLike } from '../slashable.ts';
import type { Wires } from '../wires.ts';
import type { EpochLog } from './EpochLog.ts';
import { NodeRun, until } from './NodeRun.ts';
import { PoolChain } from './PoolChain.ts';

export const DEEP = process.env.HOLDFAST_DEEP === '1';
/** The node that turns. */
export const TRAITOR = 4;

/** Slots, both included. */
export interface Span {
  readonly from: number;
  to: number;
}

export interface Memory {
  readonly directory: string;
  readonly history: InterchangeLike;
}

/** What the chapters of a cluster's life hand to each other. */
export class Life {
  readonly random: Random;
  readonly chain: PoolChain;
  readonly #dir: ReturnType<typeof temporary>;
  lock!: ClusterLock;
  pubkeys: readonly Pubkey[] = [];
  /** Of the validators, on the chain. */
  indices: readonly number[] = [];
  wires: Wires | null = null;
  epochs!: EpochLog;
  /** The first in which the cluster has all duties. */
  firstEpoch = 0;
  /** Of the first generation, and of the second. */
  nodes: readonly NodeRun[] = [];
  heirs: readonly NodeRun[] = [];
  traitor: NodeProcess | null = null;
  /** When a quorum could not be had, by design: epochs that may lack votes. */
  readonly pauses: Span[] = [];
  /** What a directory held when its node was killed. */
  readonly memories: Memory[] = [];
  /** What it held when the shares in it became void. */
  readonly legacies: Memory[] = [];

  private constructor(dir: ReturnType<typeof temporary>, chain: PoolChain, random: Random) {
    this.#dir = dir;
    this.chain = chain;
    this.random = random;
  }

  static async begin(random: Random): Promise<Life> {
    const dir = temporary();
    writeOperatorKeys(dir.path);
    const chain = await PoolChain.create(dir.path, { validators: 32, slotsBehind: 160 });
    const life = new Life(dir, chain, random);
    for (const [i, { account }] of chain.cast.operators.entries()) {
      writeFileSync(life.at(`manager${i + 1}.key`), account.privateKey, { mode: 0o600 });
    }
    return life;
  }

  get cwd(): string {
    return this.#dir.path;
  }

  at(...names: string[]): string {
    return join(this.#dir.path, ...names);
  }

  /** Of a node of the first generation. */
  directory(node: number): string {
    return this.at(`life-${node}`);
  }

  read<T>(path: string): T {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  }

  /** Resolves when each of the validators has voted in a slot after this one. */
  async voting(slot: number): Promise<void> {
    const { votes } = this.chain.witness;
    const voted = (index: number): boolean => votes.some((vote) => vote.slot > slot && vote.signer === String(index));
    await until(() => this.indices.every(voted), `all vote after slot ${slot}`, 60_000);
  }

  /** A node of this directory that does all its duties, and lies with its share. */
  async betray(directory: string): Promise<void> {
    const { devnet, manifest, witness, slotNow } = this.chain;
    const setup: NodeSetup = { beaconUrl: witness.url, network: networkOf(devnet), vault: manifest.addresses.vault };
    writeFileSync(join(directory, SETUP_FILE), JSON.stringify(setup));
    this.traitor = new NodeProcess({ node: TRAITOR, directory, onDigest: () => undefined });
    await this.traitor.start();
    this.traitor.tell({ order: 'run', fromSlot: slotNow + 1, history: null });
    this.traitor.tell({ order: 'corrupt', on: true });
  }

  /** `holdfast operator` by one of the pool's operators, in this process, while slots pass. */
  operator(manager: number, ...args: string[]): Promise<Answer> {
    const { stage, pool, rpcUrl, beaconUrl } = this.chain;
    return stage.during(
      command(this.cwd, [
        ...['operator', ...args, '--pool', pool, '--rpc-url', rpcUrl],
        ...(args[0] === 'predeposit' ? ['--beacon-url', beaconUrl] : []),
        ...['--private-key-file', this.at(`manager${manager}.key`)],
      ]),
    );
  }

  /** `holdfast dkg`, a process each. */
  ceremony(runs: readonly (readonly string[])[]): Promise<Ended[]> {
    return Promise.all(runs.map((args) => new Cli(['dkg', ...args, '--json'], { cwd: this.cwd, env: this.env }).ended));
  }

  /** What is compiled once is compiled for all: on a small machine starting is most of the work. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_COMPILE_CACHE: this.at('compile-cache') };
  }

  /** A node whose beacon node is the witness. */
  run(node: number, directory: string, args: readonly string[] = []): NodeRun {
    return new NodeRun(node, directory, ['--beacon-url', this.chain.witness.url, ...args], this.env);
  }

  async close(): Promise<void> {
    await this.traitor?.kill();
    await killAll();
    this.epochs?.close();
    await this.wires?.close();
    await this.chain.close();
    this.#dir.dispose();
  }
}

import { BeaconClient } from '@holdfast/beacon';
import { createEdrExecution, Devnet, devAccounts, makeDepositData, serveJsonRpc } from '@holdfast/devnet';
import { createKeeper, type Keeper } from '@holdfast/keeper';
import {
  compoundingCredentials,
  deployPool,
  deposit,
  devnetPoolConfig,
  fundReserve,
  type Pool,
  type PoolManifest,
  type PoolSnapshot,
  postBond,
  predeposit,
  readNetworkFacts,
  readPool,
  register,
} from '@holdfast/pool';
import { type Hex, parseEth } from '@holdfast/units';
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient, type WalletClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const KEEPER = 15;
const FIRST_OPERATOR = 1;
const STAKER = 8;

export interface WorldOptions {
  /** Milliseconds between two slots. */
  readonly paceMs: number;
  readonly operators: readonly { readonly name: string; readonly validators: number }[];
  /** ETH. */
  readonly staked: string;
  /** Validators that are not the pool's. */
  readonly others?: number;
}

/** A living devnet with a pool, operators, a staker and a keeper: slots pass by themselves, as fast as `paceMs` says. */
export class World {
  readonly devnet: Devnet;
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  manifest!: PoolManifest;
  keeper: Keeper | null = null;
  readonly #chain: ReturnType<typeof defineChain>;
  readonly #closeRpc: () => Promise<void>;
  readonly #paceMs: number;
  #living: Promise<void> = Promise.resolve();
  #over = false;
  #seed = 0;

  private constructor(devnet: Devnet, rpc: { url: string; close(): Promise<void> }, beaconUrl: string, paceMs: number) {
    this.devnet = devnet;
    this.rpcUrl = rpc.url;
    this.beaconUrl = beaconUrl;
    this.#closeRpc = () => rpc.close();
    this.#paceMs = paceMs;
    this.#chain = defineChain({
      id: devnet.execution.chainId,
      name: 'devnet',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [rpc.url] } },
    });
    const transport = http(rpc.url, { retryCount: 0 });
    const chain = this.#chain;
    this.publicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 }) as PublicClient;
    this.beaconClient = new BeaconClient({ urls: [beaconUrl], roundsMax: 1 });
  }

  static async start(options: WorldOptions): Promise<World> {
    const execution = await createEdrExecution({ genesisTime: Math.floor(Date.now() / 1000) });
    const devnet = await Devnet.create({ execution, validators: options.others ?? 32 });
    const rpc = await serveJsonRpc(execution);
    const world = new World(devnet, rpc, (await devnet.listen()).url, options.paceMs);
    await devnet.step(2);
    world.#living = world.#live();
    const { publicClient } = world;
    const facts = await readNetworkFacts(world);
    const config = devnetPoolConfig(facts);
    world.manifest = await deployPool({ publicClient, walletClient: world.wallet(0), facts, config });
    await deposit(world.as(STAKER), {
      assets: parseEth(options.staked),
      receiver: world.wallet(STAKER).account!.address,
    });
    await fundReserve(world.as(STAKER), { amount: parseEth('1') });
    for (const [i, { name, validators }] of options.operators.entries()) {
      await world.#admit(FIRST_OPERATOR + i, name, validators);
    }
    world.#keep();
    return world;
  }

  wallet(account: number): WalletClient {
    const { privateKey } = devAccounts(account + 1)[account]!;
    const transport = http(this.rpcUrl, { retryCount: 0 });
    return createWalletClient({ account: privateKeyToAccount(privateKey), chain: this.#chain, transport });
  }

  as(account: number): Pool {
    return { manifest: this.manifest, publicClient: this.publicClient, walletClient: this.wallet(account) };
  }

  snapshot(): Promise<PoolSnapshot> {
    return readPool(this.as(0));
  }

  /** Waits until the pool is as wanted. */
  async until(reached: (snapshot: PoolSnapshot) => boolean, what: string, timeoutMs = 120_000): Promise<PoolSnapshot> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const snapshot = await this.snapshot();
      if (reached(snapshot)) return snapshot;
      if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async close(): Promise<void> {
    await this.keeper?.stop();
    this.#over = true;
    await this.#living;
    await this.#closeRpc();
    await this.devnet.close();
  }

  async #admit(account: number, name: string, validators: number): Promise<void> {
    const { result: operatorId } = await register(this.as(account), { name });
    await postBond(this.as(account), { operatorId, amount: parseEth('120') });
    for (let i = 0; i < validators; i++) {
      const secretKey: Hex = `0x${(0xdab000 + this.#seed++).toString(16).padStart(64, '0')}`;
      this.devnet.addKeys([secretKey]);
      const withdrawalCredentials = compoundingCredentials(this.manifest.addresses.vault);
      const data = makeDepositData({ secretKey, withdrawalCredentials, amount: 1_000_000_000n });
      await predeposit(this.as(account), { operatorId, ...data });
    }
  }

  #keep(): void {
    const { manifest, publicClient, beaconClient } = this;
    this.keeper = createKeeper({
      ...{ manifest, publicClient, beaconClient, walletClient: this.wallet(KEEPER) },
      options: { checkpointEveryS: 192, evidenceGraceS: 600, pollMs: this.#paceMs },
    });
    void this.keeper.run();
  }

  async #live(): Promise<void> {
    while (!this.#over) {
      const started = performance.now();
      await this.devnet.step();
      const rest = Math.max(5, this.#paceMs - (performance.now() - started));
      await new Promise((resolve) => setTimeout(resolve, rest));
    }
  }
}

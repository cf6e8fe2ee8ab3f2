import { BeaconClient } from '@holdfast/beacon';
import {
  createEdrExecution,
  Devnet,
  type DevnetOptions,
  devAccounts,
  makeDepositData,
  serveJsonRpc,
} from '@holdfast/devnet';
import {
  compoundingCredentials,
  deployPool,
  deposit,
  devnetPoolConfig,
  type Pool,
  type PoolConfigOverrides,
  type PoolManifest,
  postBond,
  predeposit,
  readNetworkFacts,
  readPool,
  register,
  requestWithdrawal,
} from '@holdfast/pool';
import { type Hex, parseEth } from '@holdfast/units';
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient, type WalletClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const GENESIS_TIME = 1_800_000_000;
const STAKER = 9;

/** Clients of a devnet by its URLs alone, as any program would have them; also made in processes of their own. */
export function clientsFor(rpcUrl: string, beaconUrls: readonly string[], chainId: number) {
  const chain = defineChain({
    id: chainId,
    name: 'devnet',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const transport = http(rpcUrl, { retryCount: 0, batch: true });
  const publicClient = createPublicClient({ chain, transport, pollingInterval: 20, cacheTime: 0 }) as PublicClient;
  const wallet = (account: number): WalletClient => {
    const { privateKey } = devAccounts(account + 1)[account]!;
    return createWalletClient({ account: privateKeyToAccount(privateKey), chain, transport });
  };
  const beaconClient = new BeaconClient({ urls: beaconUrls, roundsMax: 1, timeoutMs: 2_000, stateTimeoutMs: 5_000 });
  return { publicClient, wallet, beaconClient };
}

/** A devnet with a pool, operators and a staker. Slots pass only when a test says so. */
export class World {
  readonly devnet: Devnet;
  readonly rpcUrl: string;
  readonly beaconUrl: string;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  readonly wallet: (account: number) => WalletClient;
  manifest!: PoolManifest;
  private readonly closeRpc: () => Promise<void>;

  private constructor(devnet: Devnet, rpc: { url: string; close(): Promise<void> }, beaconUrl: string) {
    this.devnet = devnet;
    this.rpcUrl = rpc.url;
    this.beaconUrl = beaconUrl;
    this.closeRpc = () => rpc.close();
    const clients = clientsFor(rpc.url, [beaconUrl], devnet.execution.chainId);
    this.publicClient = clients.publicClient;
    this.beaconClient = clients.beaconClient;
    this.wallet = clients.wallet;
  }

  static async start(
    overrides: PoolConfigOverrides = {},
    options: Partial<Omit<DevnetOptions, 'execution'>> = {},
  ): Promise<World> {
    const execution = await createEdrExecution({ genesisTime: GENESIS_TIME });
    const devnet = await Devnet.create({ execution, validators: 32, ...options });
    const rpc = await serveJsonRpc(execution);
    const world = new World(devnet, rpc, (await devnet.listen()).url);
    await devnet.step(2);
    const { publicClient } = world;
    const facts = await readNetworkFacts(world);
    const config = devnetPoolConfig(facts, overrides);
    world.manifest = await world.during(deployPool({ publicClient, walletClient: world.wallet(0), facts, config }));
    return world;
  }

  /** The pool as one of the dev accounts acts on it. */
  as(account: number): Pool {
    return { manifest: this.manifest, publicClient: this.publicClient, walletClient: this.wallet(account) };
  }

  snapshot() {
    return readPool(this.as(0));
  }

  async register(account: number): Promise<number> {
    const { result: operatorId } = await this.during(register(this.as(account), { name: `operator ${account}` }));
    await this.during(postBond(this.as(account), { operatorId, amount: parseEth('100') }));
    return operatorId;
  }

  /** Predeposits the key of a seed. Returns its ordinal. */
  async offer(account: number, operatorId: number, seed: number): Promise<number> {
    const secretKey: Hex = `0x${(0xabc000 + seed).toString(16).padStart(64, '0')}`;
    this.devnet.addKeys([secretKey]);
    const withdrawalCredentials = compoundingCredentials(this.manifest.addresses.vault);
    const data = makeDepositData({ secretKey, withdrawalCredentials, amount: 1_000_000_000n });
    const { result } = await this.during(predeposit(this.as(account), { operatorId, ...data }));
    return result;
  }

  async stake(eth: string): Promise<void> {
    const receiver = this.wallet(STAKER).account!.address;
    await this.during(deposit(this.as(STAKER), { assets: parseEth(eth), receiver }));
  }

  async request(eth: string): Promise<void> {
    const owner = this.wallet(STAKER).account!.address;
    await this.during(requestWithdrawal(this.as(STAKER), { shares: parseEth(eth), owner }));
  }

  /** Lets slots pass until the task is over. */
  async during<T>(task: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    task.then(end, end);
    while (!over) {
      await this.devnet.step();
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return task;
  }

  async close(): Promise<void> {
    await this.closeRpc();
    await this.devnet.close();
  }
}

import { BeaconClient } from '@holdfast/beacon';
import { createEdrExecution, Devnet, type DevnetOptions, devAccounts, Pacer, serveJsonRpc } from '@holdfast/devnet';
import type { Hex } from '@holdfast/units';
import { createPublicClient, createWalletClient, defineChain, http, type PublicClient, type WalletClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const GENESIS_TIME = 1_800_000_000;
const SLOT_MS = 30;

/** A devnet behind its two standard APIs, and clients for them. Slots pass only when a test says so, or while it waits. */
export class Kit {
  readonly devnet: Devnet;
  readonly rpcUrl: string;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  readonly #closeRpc: () => Promise<void>;
  readonly #chain: ReturnType<typeof defineChain>;
  /** Transactions go over HTTP, unseen, so a slot passes every few milliseconds. */
  readonly #pacer: Pacer;

  private constructor(devnet: Devnet, rpc: { url: string; close(): Promise<void> }, beaconUrl: string) {
    this.devnet = devnet;
    this.#pacer = new Pacer(() => devnet.step(), SLOT_MS);
    this.rpcUrl = rpc.url;
    this.#closeRpc = () => rpc.close();
    this.#chain = defineChain({
      id: devnet.execution.chainId,
      name: 'devnet',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [rpc.url] } },
    });
    this.publicClient = createPublicClient({
      chain: this.#chain,
      transport: http(rpc.url, { retryCount: 0 }),
      pollingInterval: 20,
      cacheTime: 0,
    }) as PublicClient;
    this.beaconClient = new BeaconClient({ urls: [beaconUrl], roundsMax: 1 });
  }

  static async start(options: Partial<Omit<DevnetOptions, 'execution'>> = {}): Promise<Kit> {
    const execution = await createEdrExecution({ genesisTime: GENESIS_TIME });
    const devnet = await Devnet.create({ execution, validators: 32, ...options });
    const rpc = await serveJsonRpc(execution);
    const beacon = await devnet.listen();
    const kit = new Kit(devnet, rpc, beacon.url);
    await devnet.step(2);
    return kit;
  }

  wallet(account: number): WalletClient {
    const { privateKey } = devAccounts(account + 1)[account]!;
    return createWalletClient({
      account: privateKeyToAccount(privateKey),
      chain: this.#chain,
      transport: http(this.rpcUrl, { retryCount: 0 }),
    });
  }

  address(account: number): Hex {
    return devAccounts(account + 1)[account]!.address;
  }

  /** Lets slots pass until the task is over. */
  during<T>(task: Promise<T>): Promise<T> {
    return this.#pacer.during(task);
  }

  async close(): Promise<void> {
    await this.#closeRpc();
    await this.devnet.close();
  }
}

import { BeaconClient } from '@holdfast/beacon';
import {
  createEdrExecution,
  createEmbeddedEthereumjs,
  Devnet,
  devAccounts,
  type ExecutionPort,
  makeDepositData,
  Pacer,
  toEip1193,
} from '@holdfast/devnet';
import { createKeeper, type Keeper } from '@holdfast/keeper';
import {
  compoundingCredentials,
  deployPool,
  devnetPoolConfig,
  type Pool,
  type PoolManifest,
  readNetworkFacts,
} from '@holdfast/pool';
import type { Hex, Pubkey } from '@holdfast/units';
import { type Account, createPublicClient, createWalletClient, custom, defineChain, type PublicClient } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Accounts } from './accounting.ts';
import { BeaconFlows } from './beaconFlows.ts';
import { CheckpointWatch } from './checkpointWatch.ts';
import { secretKeyOf } from './secrets.ts';
import { Tips } from './tips.ts';

export type Adapter = 'edr' | 'engine';

export interface WorldOptions {
  readonly adapter: Adapter;
  readonly say?: (line: string) => void;
  /** Genesis validators, not the pool's. Default 64. */
  readonly validators?: number;
}

/** Who is who among the devnet's accounts. */
const DEPLOYER = 0;
const KEEPER = 19;
/** Fixed, so that two runs are the same run. */
const GENESIS_TIME = 1_750_000_000;
const SLOTS_MAX = 2_000;
const STILL_MS = 300;
const EPOCHS_PER_CHECKPOINT = 6;
/** A keeper that found nothing to do need not look at each slot: an epoch later is soon enough. */
const IDLE_SLOTS = 8;

/** A devnet, a pool on it, and everybody who takes part. Time passes only when something needs it to. */
export class World {
  readonly devnet: Devnet;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  readonly flows: BeaconFlows;
  readonly adapter: Adapter;
  readonly say: (line: string) => void;
  readonly #provider: ReturnType<typeof toEip1193>;
  readonly #chain: ReturnType<typeof defineChain>;
  readonly #pacer = new Pacer(() => this.step(), STILL_MS);
  #manifest: PoolManifest | null = null;
  #keeper: Keeper | null = null;
  #watch: CheckpointWatch | null = null;
  #tips: Tips | null = null;
  /** Set by the last act. */
  books: Accounts | null = null;

  private constructor(devnet: Devnet, beaconUrl: string, options: WorldOptions) {
    this.devnet = devnet;
    this.adapter = options.adapter;
    this.say = options.say ?? (() => {});
    this.flows = new BeaconFlows(devnet);
    this.#provider = this.#pacer.watching(toEip1193(devnet.execution));
    this.#chain = defineChain({
      id: devnet.execution.chainId,
      name: 'Holdfast devnet',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [] } },
    });
    this.publicClient = createPublicClient({
      chain: this.#chain,
      transport: custom(this.#provider, { retryCount: 0 }),
      pollingInterval: 2,
      cacheTime: 0,
    }) as PublicClient;
    this.beaconClient = new BeaconClient({ urls: [beaconUrl] });
  }

  static async create(options: WorldOptions): Promise<World> {
    const execution = await executionFor(options.adapter);
    const devnet = await Devnet.create({ execution, validators: options.validators ?? 64, genesisTime: GENESIS_TIME });
    const { url } = await devnet.listen();
    return new World(devnet, url, options);
  }

  get deployed(): boolean {
    return this.#manifest !== null;
  }

  get manifest(): PoolManifest {
    if (!this.#manifest) throw new Error('the pool is not deployed yet');
    return this.#manifest;
  }

  get keeper(): Keeper {
    if (!this.#keeper) throw new Error('there is no keeper yet');
    return this.#keeper;
  }

  get checkpoints(): CheckpointWatch {
    if (!this.#watch) throw new Error('the pool is not deployed yet');
    return this.#watch;
  }

  account(index: number): Account {
    return privateKeyToAccount(devAccounts()[index]!.privateKey);
  }

  wallet(index: number) {
    return createWalletClient({
      chain: this.#chain,
      transport: custom(this.#provider, { retryCount: 0 }),
      account: this.account(index),
      pollingInterval: 2,
      cacheTime: 0,
    });
  }

  /** The pool as account `index` acts on it. */
  poolAs(index: number): Pool {
    return { manifest: this.manifest, publicClient: this.publicClient, walletClient: this.wallet(index) };
  }

  async deploy(): Promise<PoolManifest> {
    await this.step(2);
    const { beaconClient, publicClient } = this;
    const facts = await readNetworkFacts({ beaconClient, publicClient });
    const config = devnetPoolConfig(facts);
    this.#manifest = await this.during(
      deployPool({ publicClient, walletClient: this.wallet(DEPLOYER), facts, config }),
    );
    this.#watch = new CheckpointWatch(this);
    this.#tips = new Tips(publicClient, this.#manifest.addresses.vault);
    this.#keeper = this.newKeeper();
    return this.#manifest;
  }

  newKeeper(account: number = KEEPER): Keeper {
    const { beaconClient, publicClient, manifest } = this;
    const { secondsPerSlot, slotsPerEpoch } = manifest.facts.clock;
    const options = { checkpointEveryS: EPOCHS_PER_CHECKPOINT * Number(secondsPerSlot * slotsPerEpoch) };
    return createKeeper({ beaconClient, publicClient, manifest, walletClient: this.wallet(account), options });
  }

  /** Lets slots pass, and accounts for each. */
  async step(slots = 1): Promise<void> {
    for (let i = 0; i < slots; i++) {
      const [result] = await this.devnet.step();
      this.flows.afterSlot(result!.root === null ? null : result!.slot);
      if (result!.root === null) continue;
      await this.#tips?.look(BigInt((await this.devnet.execution.head()).blockNumber));
      await this.#watch?.look();
    }
  }

  /** Lets a slot pass whenever a transaction waits for one, until the task is done. */
  during<T>(task: Promise<T>): Promise<T> {
    return this.#pacer.during(task);
  }

  /** Life with a keeper: it looks and acts, a slot passes, until `reached`. */
  async live(what: string, reached: () => boolean | Promise<boolean>, slotsMax = SLOTS_MAX): Promise<void> {
    const last = this.devnet.slot + slotsMax;
    while (!(await reached())) {
      if (this.devnet.slot >= last) throw new Error(`${what}: not reached within ${slotsMax} slots`);
      const { actions, inFlight } = await this.during(this.keeper.tick());
      await this.step(actions.length > 0 || inFlight > 0 ? 1 : IDLE_SLOTS);
    }
  }

  /** A key of the scenario's, known to the devnet, and its 1 ETH deposit for `credentials`. */
  makeKey(number: number, credentials: Hex): { pubkey: Pubkey; signature: Hex; depositDataRoot: Hex } {
    const secretKey = secretKeyOf(number);
    this.devnet.addKeys([secretKey]);
    return makeDepositData({ secretKey, withdrawalCredentials: credentials, amount: 1_000_000_000n });
  }

  /** The beacon chain's fees of this validator's blocks go to the Vault, and its balance is followed from now on. */
  own(pubkey: Hex): void {
    this.devnet.setFeeRecipient(pubkey, this.manifest.addresses.vault);
    this.flows.watch(pubkey);
  }

  vaultCredentials(): Hex {
    return compoundingCredentials(this.manifest.addresses.vault);
  }

  /** Wei of transaction fees that the pool's proposers brought to the Vault. */
  tips(): bigint {
    return this.#tips?.total() ?? 0n;
  }

  async sendAs(account: number, request: { to: Hex; value: bigint; data: Hex }): Promise<void> {
    const wallet = this.wallet(account);
    const hash = await wallet.sendTransaction({ ...request, account: wallet.account, chain: this.#chain });
    await this.publicClient.waitForTransactionReceipt({ hash });
  }

  async close(): Promise<void> {
    await this.devnet.close();
  }
}

async function executionFor(adapter: Adapter): Promise<ExecutionPort> {
  if (adapter === 'edr') return createEdrExecution({ genesisTime: GENESIS_TIME });
  return createEmbeddedEthereumjs({ genesisTime: GENESIS_TIME });
}

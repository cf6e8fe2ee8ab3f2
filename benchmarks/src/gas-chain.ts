import { headerRoot, type LoadedState, verifierStateProof } from '@holdfast/beacon';
import { createEdrExecution, devAccounts, type ExecutionPort, toEip1193 } from '@holdfast/devnet';
import type { ChainFacts, StateProof } from '@holdfast/pool';
import { asRoot, type Hex } from '@holdfast/units';
import type { Abi, PublicClient, WalletClient } from 'viem';
import { createPublicClient, createWalletClient, custom, defineChain, encodeFunctionData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

export const GENESIS_TIME = 1_700_000_000;
export const SECONDS_PER_SLOT = 12;
const ACCOUNTS = 32;
/** Under EIP-7825's cap; what a transaction does not use is not charged. */
const GAS_LIMIT: Hex = '0xfff000';
const ANY_ROOT = asRoot(`0x${'07'.repeat(32)}`);

export interface Contract {
  readonly address: Hex;
  readonly abi: Abi;
}

interface Receipt {
  readonly status: Hex;
  readonly gasUsed: Hex;
}

/** A state that EIP-4788 shows, and the way to it. */
export interface ShownState {
  readonly state: LoadedState;
  readonly slot: number;
  readonly proof: StateProof;
}

/** An EVM with the real system contracts, one block a slot, whose EIP-4788 roots are of the states that it is given. */
export class GasChain {
  readonly execution: ExecutionPort;
  readonly publicClient: PublicClient;
  readonly accounts: readonly Hex[];
  #slot = 0;
  readonly #chain: ReturnType<typeof defineChain>;

  private constructor(execution: ExecutionPort) {
    this.execution = execution;
    this.accounts = devAccounts(ACCOUNTS).map(({ address }) => address);
    this.#chain = defineChain({
      id: execution.chainId,
      name: 'gas',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [] } },
    });
    this.publicClient = createPublicClient({
      chain: this.#chain,
      transport: custom(toEip1193(execution)),
      pollingInterval: 5,
      cacheTime: 0,
    }) as PublicClient;
  }

  static async start(): Promise<GasChain> {
    return new GasChain(await createEdrExecution({ genesisTime: GENESIS_TIME, accounts: devAccounts(ACCOUNTS) }));
  }

  get slot(): number {
    return this.#slot;
  }

  wallet(account: number): WalletClient {
    const { privateKey } = devAccounts(account + 1)[account]!;
    return createWalletClient({
      account: privateKeyToAccount(privateKey),
      chain: this.#chain,
      transport: custom(toEip1193(this.execution)),
    });
  }

  /** What the contracts know of a chain of the mainnet preset. */
  facts(layouts: ChainFacts['layouts'], genesisValidatorsRoot: ChainFacts['genesisValidatorsRoot']): ChainFacts {
    return {
      chainId: this.execution.chainId,
      depositContract: '0x00000000219ab540356cBB839Cbe05303d7705Fa',
      clock: {
        genesisTime: BigInt(GENESIS_TIME),
        secondsPerSlot: BigInt(SECONDS_PER_SLOT),
        slotsPerEpoch: 32n,
        slotsPerHistoricalRoot: 8192n,
      },
      genesisValidatorsRoot,
      layouts,
      summariesFromSlot: 0n,
    };
  }

  /** Seals the next block. */
  async seal(parentRoot: Hex = ANY_ROOT): Promise<number> {
    this.#slot += 1;
    const timestamp = GENESIS_TIME + this.#slot * SECONDS_PER_SLOT;
    await this.execution.seal({
      timestamp,
      prevRandao: ANY_ROOT,
      feeRecipient: `0x${'11'.repeat(20)}`,
      parentBeaconBlockRoot: parentRoot,
      withdrawals: [],
    });
    return timestamp;
  }

  /** Lets seconds pass in one long slot without a block, and seals one after it. */
  async pass(seconds: number): Promise<void> {
    this.#slot += Math.ceil(seconds / SECONDS_PER_SLOT);
    await this.seal();
  }

  /** Seals the next block, in which EIP-4788 shows a block of the slot before with this state. */
  async show(
    state: LoadedState,
    seal: (root: Hex) => Promise<number> = (root) => this.seal(root),
  ): Promise<ShownState> {
    const slot = this.#slot;
    const header = { slot, proposerIndex: 4711, parentRoot: ANY_ROOT, stateRoot: state.root, bodyRoot: ANY_ROOT };
    const timestamp = await seal(headerRoot(header));
    return { state, slot, proof: verifierStateProof(state, header, timestamp) };
  }

  /** Seals blocks until the task is over. */
  async during<T>(task: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    task.then(end, end);
    while (!over) {
      await this.seal();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return task;
  }

  /** Sends a call without sealing it. Gives its hash. */
  async queue(from: Hex, to: Contract, functionName: string, args: readonly unknown[], value = 0n): Promise<Hex> {
    const data = encodeFunctionData({ abi: to.abi, functionName, args });
    return this.queueRaw(from, to.address, data, value);
  }

  async queueRaw(from: Hex, to: Hex, data: Hex, value = 0n): Promise<Hex> {
    const request = { from, to, data, value: `0x${value.toString(16)}`, gas: GAS_LIMIT };
    return (await this.execution.rpc('eth_sendTransaction', [request])) as Hex;
  }

  /** Gas of the sealed transaction, whole, as in its receipt. */
  async gasOf(hash: Hex, what: string): Promise<number> {
    const receipt = (await this.execution.rpc('eth_getTransactionReceipt', [hash])) as Receipt;
    if (receipt.status !== '0x1') throw new Error(`${what} reverted: ${await this.#reason(hash)}`);
    return Number(receipt.gasUsed);
  }

  /** One call in a block of its own. */
  async send(
    from: Hex,
    to: Contract,
    functionName: string,
    args: readonly unknown[] = [],
    value = 0n,
  ): Promise<number> {
    const hash = await this.queue(from, to, functionName, args, value);
    await this.seal();
    return this.gasOf(hash, functionName);
  }

  async read<T>(from: Contract, functionName: string, args: readonly unknown[] = []): Promise<T> {
    return (await this.publicClient.readContract({ ...from, functionName, args })) as T;
  }

  async #reason(hash: Hex): Promise<string> {
    const { from, to, input, value } = await this.publicClient.getTransaction({ hash });
    try {
      await this.publicClient.call({ account: from, to, data: input, value });
      return 'unknown';
    } catch (error) {
      return (error as Error).message;
    }
  }
}

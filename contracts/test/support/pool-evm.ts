import { getGenesis } from '@ethereumjs/genesis';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import {
  ContractDecoder,
  EdrContext,
  IncludeTraces,
  L1_CHAIN_TYPE,
  l1ProviderFactory,
  MineOrdering,
  type Provider,
  type ProviderConfig,
} from '@nomicfoundation/edr';
import { type Abi, decodeFunctionResult, encodeFunctionData } from 'viem';

export interface Contract {
  readonly name: string;
  readonly address: Hex;
  readonly abi: Abi;
}

export interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly transactionIndex: Hex;
}

export interface Receipt {
  readonly status: Hex;
  readonly transactionHash: Hex;
  readonly contractAddress: Hex | null;
  readonly gasUsed: Hex;
  readonly effectiveGasPrice: Hex;
  readonly blockNumber: Hex;
  readonly logs: readonly Log[];
}

/** A revert, with what the contract said. */
export class Reverted extends Error {
  readonly data: Hex;
  constructor(message: string, data: Hex) {
    super(message);
    this.data = data;
  }
}

export const WITHDRAWALS_7002: Hex = '0x00000961ef480eb55e80d19ad83579a64c007002';
export const CONSOLIDATIONS_7251: Hex = '0x0000bbddc7ce488642fb579f8b00f3a590007251';
export const DEPOSIT_CONTRACT: Hex = '0x00000000219ab540356cbb839cbe05303d7705fa';
export const BEACON_ROOTS: Hex = '0x000f3df6d732807ef1319fb7b8bb8522d0beac02';
const SYSTEM: Hex = '0xfffffffffffffffffffffffffffffffffffffffe';
const HOODI = 560048;
const GAS_CAP = 16_777_216;
/** Every transaction bids the same, so that a block holds them in the order in which they were sent. */
const GAS_PRICE: Hex = '0x174876e800';
const quantity = (value: bigint | number): Hex => `0x${value.toString(16)}`;

let context: Promise<EdrContext> | undefined;

async function edrContext(): Promise<EdrContext> {
  const fresh = new EdrContext();
  await fresh.registerProviderFactory(L1_CHAIN_TYPE, l1ProviderFactory());
  return fresh;
}

/**
 * A bare EVM under Osaka's rules with the real bytecode of the deposit contract and of EIP-4788, 7002 and 7251. Their
 * system calls run as a block's first and last transactions. Any address can act, contracts included.
 */
export class PoolEvm {
  readonly #provider: Provider;
  readonly #acting = new Set<Hex>();
  #id = 0;
  #queued: Hex[] = [];
  #ready = false;
  /** JSON-RPC calls so far. */
  calls = 0;

  private constructor(provider: Provider) {
    this.#provider = provider;
  }

  static async create(genesisTime: number): Promise<PoolEvm> {
    context ??= edrContext();
    const silent = { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => undefined };
    const provider = await (await context).createProvider(
      L1_CHAIN_TYPE,
      config(genesisTime),
      silent,
      { subscriptionCallback: () => undefined },
      ContractDecoder.withContracts({}),
    );
    return new PoolEvm(provider);
  }

  async rpc<T>(method: string, params: readonly unknown[]): Promise<T> {
    this.#id += 1;
    this.calls += 1;
    const response = await this.#provider.handleRequest(
      JSON.stringify({ jsonrpc: '2.0', id: this.#id, method, params }),
    );
    const answer = (typeof response.data === 'string' ? JSON.parse(response.data) : response.data) as {
      result: T;
      error?: { message: string; data?: unknown };
    };
    if (answer.error === undefined) return answer.result;
    throw rpcError(answer.error, method);
  }

  /** Lets an address act, with ether to pay for it. */
  async unlock(address: Hex): Promise<void> {
    if (this.#acting.has(address)) return;
    this.#acting.add(address);
    await this.rpc('hardhat_impersonateAccount', [address]);
    if ((await this.balance(address)) < 10n ** 18n) await this.setBalance(address, 10n ** 24n);
  }

  async balance(address: Hex): Promise<bigint> {
    return BigInt(await this.rpc<Hex>('eth_getBalance', [address, 'latest']));
  }

  /** Also how withdrawals (EIP-4895) and forced ether reach a contract. */
  async setBalance(address: Hex, wei: bigint): Promise<void> {
    await this.rpc('hardhat_setBalance', [address, quantity(wei)]);
  }

  async credit(address: Hex, wei: bigint): Promise<void> {
    if (wei !== 0n) await this.setBalance(address, (await this.balance(address)) + wei);
  }

  /** Puts a transaction into the block to come. */
  async queue(from: Hex, to: Hex | undefined, data: Hex, value = 0n, gas = GAS_CAP): Promise<Hex> {
    const hash = await this.#send(from, to, data, value, gas);
    this.#queued.push(hash);
    return hash;
  }

  /** Before the first queued transaction of a block: EIP-4788. */
  async open(timestamp: number, root: Hex): Promise<void> {
    await this.rpc('evm_setNextBlockTimestamp', [timestamp]);
    await this.#send(SYSTEM, BEACON_ROOTS, root, 0n, 1_000_000);
    this.#ready = true;
  }

  /** Seals the block, with the system calls of EIP-7002 and 7251 at its end. Receipts of the queued transactions. */
  async seal(): Promise<Receipt[]> {
    if (!this.#ready) throw new Error('open the block first');
    for (const contract of [WITHDRAWALS_7002, CONSOLIDATIONS_7251]) {
      await this.#send(SYSTEM, contract, '0x', 0n, 16_000_000);
    }
    await this.rpc('evm_mine', []);
    this.#ready = false;
    const receipts: Receipt[] = [];
    for (const hash of this.#queued) receipts.push(await this.rpc<Receipt>('eth_getTransactionReceipt', [hash]));
    this.#queued = [];
    return receipts;
  }

  async read<T>(contract: Contract, functionName: string, args: readonly unknown[] = []): Promise<T> {
    const data = encodeFunctionData({ abi: contract.abi, functionName, args });
    const result = await this.call(contract.address, contract.address, data);
    return decodeFunctionResult({ abi: contract.abi, functionName, data: result }) as T;
  }

  /** Runs a call on the state of the last block, under its timestamp. Throws `Reverted`. */
  async call(from: Hex, to: Hex, data: Hex, value = 0n): Promise<Hex> {
    const call = { from, to, data, value: quantity(value), gas: quantity(GAS_CAP), gasPrice: '0x0' };
    return this.rpc<Hex>('eth_call', [call, 'latest']);
  }

  /** What a sealed transaction returned or reverted with. */
  async outcome(hash: Hex): Promise<Hex> {
    const options = { disableStorage: true, disableMemory: true, disableStack: true };
    const trace = await this.rpc<{ returnValue: string }>('debug_traceTransaction', [hash, options]);
    return `0x${trace.returnValue.replace(/^0x/, '')}`;
  }

  async snapshot(): Promise<unknown> {
    return this.rpc('evm_snapshot', []);
  }

  async #send(from: Hex, to: Hex | undefined, data: Hex, value: bigint, gas: number): Promise<Hex> {
    await this.unlock(from);
    const transaction = {
      from,
      ...(to ? { to } : {}),
      data,
      value: quantity(value),
      gas: quantity(gas),
      gasPrice: GAS_PRICE,
    };
    return this.rpc<Hex>('eth_sendTransaction', [transaction]);
  }
}

function rpcError(error: { message: string; data?: unknown }, method: string): Error {
  const wrapped = error.data as { data?: unknown } | string | null | undefined;
  const data = typeof wrapped === 'string' ? wrapped : wrapped?.data;
  if (typeof data === 'string' && data.startsWith('0x')) return new Reverted(error.message, data as Hex);
  return /revert/i.test(error.message) ? new Reverted(error.message, '0x') : new Error(`${method}: ${error.message}`);
}

function config(genesisTime: number): ProviderConfig {
  return {
    allowBlocksWithSameTimestamp: false,
    // Mutants are compiled without the optimizer, and are larger than what is deployed.
    allowUnlimitedContractSize: true,
    bailOnCallFailure: true,
    bailOnTransactionFailure: false,
    chainId: 31337n,
    coinbase: new Uint8Array(20),
    defaultTransactionGasLimit: BigInt(GAS_CAP),
    genesisState: predeploys(),
    hardfork: 'osaka',
    initialBaseFeePerGas: 1_000_000_000n,
    minGasPrice: 0n,
    mining: { autoMine: false, blockGasLimit: 1_000_000_000n, memPool: { order: MineOrdering.Priority } },
    network: { genesisBlockGasLimit: 1_000_000_000n, genesisBlockTime: BigInt(genesisTime) },
    networkId: 31337n,
    observability: { includeCallTraces: IncludeTraces.None },
    ownedAccounts: [],
    precompileOverrides: [],
  };
}

/** Hoodi was born with the system contracts in its genesis block, so its allocation is the source of their code. */
function predeploys(): ProviderConfig['genesisState'] {
  const allocation = new Map(Object.entries(getGenesis(HOODI) ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  return [DEPOSIT_CONTRACT, BEACON_ROOTS, WITHDRAWALS_7002, CONSOLIDATIONS_7251].map((address) => {
    const account = allocation.get(address);
    if (!Array.isArray(account)) throw new Error(`no code for ${address}`);
    const [, code, storage, nonce] = account;
    const slots = (storage ?? []).map(([slot, value]: readonly [string, string]) => ({
      index: BigInt(slot),
      value: BigInt(value),
    }));
    return {
      address: fromHex(address),
      balance: 0n,
      nonce: BigInt(nonce ?? 0),
      code: fromHex(code ?? '0x'),
      storage: slots,
    };
  });
}

/** The n-th of any number of addresses that nobody else uses. */
export const account = (n: number): Hex =>
  toHex(Buffer.from((0xac0000000000n + BigInt(n)).toString(16).padStart(40, '0'), 'hex'));

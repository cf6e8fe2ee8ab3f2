import { fromHex } from '@holdfast/units';
import {
  type AccountOverride,
  ContractDecoder,
  EdrContext,
  IncludeTraces,
  L1_CHAIN_TYPE,
  l1ProviderFactory,
  MineOrdering,
  type Provider,
  type ProviderConfig,
} from '@nomicfoundation/edr';
import type { GenesisAccount } from '../dev-accounts.ts';
import type { RpcCall } from '../dev-wallet.ts';
import { ExecutionRpcError, RPC_CODE } from '../errors.ts';
import type { ChainGenesis } from '../genesis.ts';
import { systemPredeploys, TRANSACTION_GAS_CAP } from '../system-contracts.ts';

// EDR wants one context a process: it owns the native thread pool.
let context: Promise<EdrContext> | undefined;

function edrContext(): Promise<EdrContext> {
  context ??= (async () => {
    const fresh = new EdrContext();
    await fresh.registerProviderFactory(L1_CHAIN_TYPE, l1ProviderFactory());
    return fresh;
  })();
  return context;
}

/** Starts EDR under Osaka's rules with the system contracts in place, mining only when told. Returns its raw JSON-RPC. */
export async function startEdr(genesis: ChainGenesis): Promise<RpcCall> {
  const silent = { enable: false, decodeConsoleLogInputsCallback: () => [], printLineCallback: () => undefined };
  const provider = await (await edrContext()).createProvider(
    L1_CHAIN_TYPE,
    providerConfig(genesis),
    silent,
    { subscriptionCallback: () => undefined },
    ContractDecoder.withContracts({}),
  );
  return rawCall(provider);
}

function providerConfig(genesis: ChainGenesis): ProviderConfig {
  return {
    allowBlocksWithSameTimestamp: false,
    allowUnlimitedContractSize: false,
    bailOnCallFailure: true,
    bailOnTransactionFailure: false,
    chainId: BigInt(genesis.chainId),
    coinbase: new Uint8Array(20),
    defaultTransactionGasLimit: TRANSACTION_GAS_CAP,
    // EDR would hold calls to it too. The adapter keeps EIP-7825 at the door of the pool.
    transactionGasCap: false,
    genesisState: genesisState(genesis.accounts),
    hardfork: 'osaka',
    initialBaseFeePerGas: genesis.baseFeePerGas,
    minGasPrice: 0n,
    mining: { autoMine: false, blockGasLimit: genesis.gasLimit, memPool: { order: MineOrdering.Priority } },
    network: { genesisBlockGasLimit: genesis.gasLimit, genesisBlockTime: BigInt(genesis.timestamp) },
    networkId: BigInt(genesis.chainId),
    observability: { includeCallTraces: IncludeTraces.None },
    ownedAccounts: [],
    precompileOverrides: [],
  };
}

function genesisState(accounts: readonly GenesisAccount[]): AccountOverride[] {
  return [
    ...systemPredeploys().map(({ address, code, nonce, storage }) => ({
      address: fromHex(address),
      balance: 0n,
      nonce,
      code: fromHex(code),
      storage: storage.map(([slot, value]) => ({ index: BigInt(slot), value: BigInt(value) })),
    })),
    ...accounts.map(({ address, balance }) => ({ address: fromHex(address), balance, code: new Uint8Array() })),
  ];
}

function rawCall(provider: Provider): RpcCall {
  let id = 0;
  return async (method, params) => {
    id += 1;
    const response = await provider.handleRequest(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    const answer: unknown = typeof response.data === 'string' ? JSON.parse(response.data) : response.data;
    const { result, error } = answer as { result?: unknown; error?: EdrError };
    if (error) throw toRpcError(error, method);
    return result;
  };
}

interface EdrError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** EDR wraps revert data in an object and codes a revert as -32603; wallets expect geth's code 3 and bare hex. */
function toRpcError(error: EdrError, method: string): ExecutionRpcError {
  const wrapped =
    typeof error.data === 'object' && error.data !== null ? (error.data as { data?: unknown }).data : error.data;
  const data = typeof wrapped === 'string' && wrapped.startsWith('0x') ? wrapped : undefined;
  const reverted = /revert/i.test(error.message) && data !== undefined;
  // EDR says "not supported" (-32004) for a method it does not know.
  const code = reverted ? RPC_CODE.reverted : error.code === -32004 ? RPC_CODE.methodNotFound : error.code;
  return new ExecutionRpcError(code, error.message, data, method);
}

import { BeaconClient } from '@holdfast/beacon';
import {
  type Account,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type PublicClient,
  type WalletClient,
} from 'viem';

export interface ExecutionClients {
  readonly publicClient: PublicClient;
  /** A client that signs for `account`. */
  wallet(account: Account): WalletClient;
}

export interface Clients extends ExecutionClients {
  readonly beaconClient: BeaconClient;
}

const TIMEOUT_MS = 20_000;
/** How often a transaction's receipt is asked for, in milliseconds. */
const POLL_MS = 500;

/** Clients of both APIs of a network. */
export async function connect(rpcUrl: string, beaconUrls: readonly string[]): Promise<Clients> {
  return { ...(await connectExecution(rpcUrl)), beaconClient: new BeaconClient({ urls: beaconUrls }) };
}

/**
 * Clients of an execution node. Asks the chain's id first, so that an unreachable node is told before anything.
 *
 * @throws viem's HttpRequestError or TimeoutError
 */
export async function connectExecution(rpcUrl: string): Promise<ExecutionClients> {
  const transport = http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 2 });
  const id = await createPublicClient({ transport }).getChainId();
  const chain = defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const common = { chain, transport, pollingInterval: POLL_MS, cacheTime: 0 };
  return {
    publicClient: createPublicClient(common) as PublicClient,
    wallet: (account) => createWalletClient({ ...common, account }),
  };
}

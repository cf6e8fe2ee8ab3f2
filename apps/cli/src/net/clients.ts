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

export interface Clients {
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  /** A client that signs for `account`. */
  wallet(account: Account): WalletClient;
}

const TIMEOUT_MS = 20_000;

/**
 * Clients of both APIs of a network. Asks the chain's id first, so that an unreachable node is told before anything.
 *
 * @throws viem's HttpRequestError or TimeoutError
 */
export async function connect(rpcUrl: string, beaconUrls: readonly string[], pollMs = 500): Promise<Clients> {
  const transport = http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 2 });
  const id = await createPublicClient({ transport }).getChainId();
  const chain = defineChain({
    id,
    name: `chain ${id}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const common = { chain, transport, pollingInterval: pollMs, cacheTime: 0 };
  return {
    publicClient: createPublicClient(common) as PublicClient,
    beaconClient: new BeaconClient({ urls: beaconUrls }),
    wallet: (account) => createWalletClient({ ...common, account }),
  };
}

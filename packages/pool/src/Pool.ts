import type { PublicClient, WalletClient } from 'viem';
import type { PoolManifest } from './deploy/PoolManifest.ts';

/** What every function of this package stands on. */
export interface Pool {
  readonly manifest: PoolManifest;
  readonly publicClient: PublicClient;
  /** With an account; needed to send, not to read or to simulate. */
  readonly walletClient?: WalletClient | undefined;
}

import { BeaconClient } from '@holdfast/beacon';
import { type Devnet, Pacer, toEip1193 } from '@holdfast/devnet';
import type { Pool, PoolManifest } from '@holdfast/pool';
import type { Hex } from '@holdfast/units';
import {
  createPublicClient,
  createWalletClient,
  custom,
  defineChain,
  type PublicClient,
  type WalletClient,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

/** A devnet before it goes live: its time passes when a transaction waits for a block, not with the wall clock. */
export class Stage {
  readonly devnet: Devnet;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  readonly #transport: ReturnType<typeof custom>;
  readonly #chain: ReturnType<typeof defineChain>;
  readonly #pacer: Pacer;

  constructor(devnet: Devnet, beaconUrl: string, signal: AbortSignal) {
    this.devnet = devnet;
    this.#pacer = new Pacer(async () => {
      signal.throwIfAborted();
      await devnet.step();
    });
    // Nothing can get lost on the way, and a call that reverts does so the second time too.
    this.#transport = custom(this.#pacer.watching(toEip1193(devnet.execution)), { retryCount: 0 });
    this.#chain = defineChain({
      id: devnet.execution.chainId,
      name: 'Holdfast devnet',
      nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
      rpcUrls: { default: { http: [] } },
    });
    this.publicClient = createPublicClient({ ...this.#common(2) }) as PublicClient;
    this.beaconClient = new BeaconClient({ urls: [beaconUrl], signal });
  }

  wallet(privateKey: Hex): WalletClient {
    return createWalletClient({ ...this.#common(2), account: privateKeyToAccount(privateKey) });
  }

  /** The pool as the owner of a key acts on it. */
  poolAs(manifest: PoolManifest, { privateKey }: { readonly privateKey: Hex }): Pool & { walletClient: WalletClient } {
    return { manifest, publicClient: this.publicClient, walletClient: this.wallet(privateKey) };
  }

  /** Runs `task`, letting a slot pass whenever it waits for one. */
  during<T>(task: Promise<T>): Promise<T> {
    return this.#pacer.during(task);
  }

  async step(slots = 1): Promise<void> {
    for (let i = 0; i < slots; i += 1) await this.#pacer.step();
  }

  #common(pollingInterval: number) {
    return { chain: this.#chain, transport: this.#transport, pollingInterval, cacheTime: 0 };
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconClient } from '@holdfast/beacon';
import { type Devnet, toEip1193 } from '@holdfast/devnet';
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

const IDLE_MS = 100;

/** A devnet before it goes live: its time passes when a transaction waits for a block, not with the wall clock. */
export class Stage {
  readonly devnet: Devnet;
  readonly publicClient: PublicClient;
  readonly beaconClient: BeaconClient;
  readonly #signal: AbortSignal;
  readonly #transport: ReturnType<typeof custom>;
  readonly #chain: ReturnType<typeof defineChain>;
  /** Transactions that no block holds yet. */
  #waiting = 0;
  #steppedAt = 0;

  constructor(devnet: Devnet, beaconUrl: string, signal: AbortSignal) {
    this.devnet = devnet;
    this.#signal = signal;
    const provider = toEip1193(devnet.execution);
    const request = async (call: { method: string; params?: unknown }): Promise<unknown> => {
      const answer = await provider.request(call);
      if (call.method === 'eth_sendRawTransaction') this.#waiting += 1;
      return answer;
    };
    // Nothing can get lost on the way, and a call that reverts does so the second time too.
    this.#transport = custom({ request }, { retryCount: 0 });
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

  /**
   * Runs `task`, letting a slot pass whenever it waits for one: when it has sent a transaction, or when nothing has
   * happened for a while (a receipt that was asked for just too early is asked for again in the next block only).
   */
  async during<T>(task: Promise<T>): Promise<T> {
    let over = false;
    this.#steppedAt = performance.now();
    const end = (): void => {
      over = true;
    };
    task.then(end, end);
    while (!over) {
      await sleep(1);
      if (this.#waiting > 0 || performance.now() - this.#steppedAt > IDLE_MS) await this.step();
    }
    return task;
  }

  async step(slots = 1): Promise<void> {
    for (let i = 0; i < slots; i += 1) {
      this.#signal.throwIfAborted();
      this.#waiting = 0;
      await this.devnet.step();
      this.#steppedAt = performance.now();
    }
  }

  #common(pollingInterval: number) {
    return { chain: this.#chain, transport: this.#transport, pollingInterval, cacheTime: 0 };
  }
}

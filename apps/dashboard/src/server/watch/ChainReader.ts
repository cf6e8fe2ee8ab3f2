import { type Pool, type PoolManifest, type PoolSnapshot, poolEvents, readPool } from '@holdfast/pool';
import { createPublicClient, type Hash, http, type PublicClient } from 'viem';
import { applyEvent } from '../model/applyEvent.ts';
import { coverOfAll } from '../model/backing.ts';
import { type History, newHistory } from '../model/history.ts';
import { WrongNetwork } from './HealthBox.ts';

/** Blocks whose events are asked for at once, while catching up. */
const SPAN = 5_000n;
/** Times of blocks kept for the events in them. */
const TIMES_KEPT = 10_000;
const RPC_TIMEOUT_MS = 15_000;

/** Follows the execution chain's head: the pool's state there, and its history, folded again after a reorganisation. */
export class ChainReader {
  readonly publicClient: PublicClient;
  snapshot: PoolSnapshot | null = null;
  history: History;
  readonly #pool: Pool;
  readonly #times = new Map<bigint, number>();
  #checked = false;
  #last: { number: bigint; hash: Hash } | null = null;

  constructor(manifest: PoolManifest, rpcUrl: string) {
    this.publicClient = createPublicClient({
      transport: http(rpcUrl, { batch: { batchSize: 100 }, retryCount: 0, timeout: RPC_TIMEOUT_MS }),
      cacheTime: 0,
    }) as PublicClient;
    this.#pool = { manifest, publicClient: this.publicClient };
    this.history = newHistory(manifest.addresses.ledger);
  }

  /** Reads what is new. Returns whether there was anything. */
  async refresh(): Promise<boolean> {
    await this.#requireChain();
    const block = await this.publicClient.getBlock({ blockTag: 'latest' });
    const { number, hash } = block;
    if (this.#last?.hash === hash) return false;
    this.#times.set(number, Number(block.timestamp));
    if (this.#last && !(await this.#isStillThere(this.#last))) this.#forget();
    const proven = this.history.checkpoints.at(-1)?.tx;
    const snapshot = await readPool(this.#pool, number);
    await this.#fold(number);
    if (this.history.checkpoints.at(-1)?.tx !== proven) {
      const slotsPerEpoch = Number(this.#pool.manifest.facts.clock.slotsPerEpoch);
      this.history.provenCoverGwei = coverOfAll(snapshot.validators, slotsPerEpoch);
    }
    this.snapshot = snapshot;
    this.#last = { number, hash };
    return true;
  }

  async #requireChain(): Promise<void> {
    if (this.#checked) return;
    const chainId = await this.publicClient.getChainId();
    const { manifest } = this.#pool;
    if (chainId !== manifest.chainId) {
      throw new WrongNetwork(`The RPC is of chain ${chainId}; the pool is on chain ${manifest.chainId}`);
    }
    const code = await this.publicClient.getCode({ address: manifest.addresses.vault });
    if (!code) throw new WrongNetwork(`There is no Vault at ${manifest.addresses.vault} on this chain`);
    this.#checked = true;
  }

  async #isStillThere({ number, hash }: { number: bigint; hash: Hash }): Promise<boolean> {
    const block = await this.publicClient.getBlock({ blockNumber: number }).catch(() => null);
    return block?.hash === hash;
  }

  #forget(): void {
    this.history = newHistory(this.#pool.manifest.addresses.ledger);
    this.#times.clear();
    this.#last = null;
    this.#checked = false;
  }

  async #fold(to: bigint): Promise<void> {
    for (let from = (this.#last?.number ?? this.#pool.manifest.block - 1n) + 1n; from <= to; from += SPAN) {
      const until = from + SPAN - 1n < to ? from + SPAN - 1n : to;
      const events = await poolEvents(this.#pool, from, until);
      await this.#readTimes(events.map(({ blockNumber }) => blockNumber));
      for (const event of events) {
        applyEvent(this.history, { ...event, timestamp: this.#times.get(event.blockNumber)! });
      }
      const hash = (await this.publicClient.getBlock({ blockNumber: until })).hash;
      this.#last = { number: until, hash };
    }
  }

  async #readTimes(numbers: readonly bigint[]): Promise<void> {
    const missing = [...new Set(numbers)].filter((number) => !this.#times.has(number));
    const blocks = await Promise.all(missing.map((blockNumber) => this.publicClient.getBlock({ blockNumber })));
    for (const block of blocks) this.#times.set(block.number, Number(block.timestamp));
    for (const number of this.#times.keys()) {
      if (this.#times.size <= TIMES_KEPT + missing.length) break;
      this.#times.delete(number);
    }
  }
}

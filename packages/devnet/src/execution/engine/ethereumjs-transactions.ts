import type { EthereumClient } from '@ethereumjs/client/dist/esm/src/client.js';
import { toJSONRPCTx } from '@ethereumjs/client/dist/esm/src/rpc/helpers.js';
import { fromHex, type Hex, toHex } from '@holdfast/units';
import type { RpcCall } from '../dev-wallet.ts';

const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

interface Receipt {
  readonly transactionHash: Hex;
  readonly logs: readonly object[];
}

interface Place {
  readonly blockHash: Hex;
  readonly index: number;
}

/**
 * Transactions and receipts of @ethereumjs/client by hash. The client's own index lags behind its head by some turns of
 * the event loop, so this one reads each new block when it is first asked; and as the client runs a block again for each
 * receipt, a block's receipts are kept. The chain has one driver and never reorganises.
 */
export class EthereumjsTransactions {
  readonly #node: RpcCall;
  readonly #client: EthereumClient;
  readonly #places = new Map<Hex, Place>();
  readonly #receipts = new Map<Hex, Promise<readonly Receipt[]>>();
  #indexed = 0n;
  #indexing: Promise<void> = Promise.resolve();

  constructor(node: RpcCall, client: EthereumClient) {
    this.#node = node;
    this.#client = client;
  }

  /** `eth_getTransactionByHash`, the pool's included; a mined one with the gas price it paid, as geth has it. */
  async transaction(hash: Hex): Promise<unknown> {
    const place = await this.#place(hash);
    if (!place) {
      const [pooled] = this.#client.service.txPool.getByHash([fromHex(hash, 32)]);
      return pooled === undefined ? null : toJSONRPCTx(pooled);
    }
    const block = await this.#client.chain.getBlock(fromHex(place.blockHash));
    const transaction = block.transactions[place.index];
    if (!transaction) return null;
    const baseFee = block.header.baseFeePerGas ?? 0n;
    const gasPrice = quantity(baseFee + transaction.getEffectivePriorityFee(baseFee));
    return { ...toJSONRPCTx(transaction, block, place.index), gasPrice };
  }

  async receipt(hash: Hex): Promise<Receipt | null> {
    const place = await this.#place(hash);
    if (!place) return null;
    return (await this.receipts(place.blockHash))[place.index] ?? null;
  }

  /** `eth_getBlockReceipts`, log indices counted through the block and the base fee within the effective price. */
  receipts(blockHash: Hex): Promise<readonly Receipt[]> {
    const known = this.#receipts.get(blockHash) ?? this.#readReceipts(blockHash);
    this.#receipts.set(blockHash, known);
    return known;
  }

  async #readReceipts(blockHash: Hex): Promise<readonly Receipt[]> {
    const block = await this.#client.chain.getBlock(fromHex(blockHash));
    // By number: the client takes every hash for a number, and finds no block so high.
    const number = quantity(block.header.number);
    const receipts = (await this.#node('eth_getBlockReceipts', [number])) as readonly Receipt[] | null;
    const baseFee = block.header.baseFeePerGas ?? 0n;
    let logs = 0;
    return (receipts ?? []).map((receipt, index) => {
      const tip = block.transactions[index]?.getEffectivePriorityFee(baseFee) ?? 0n;
      const numbered = receipt.logs.map((log) => ({ ...log, logIndex: quantity(logs++) }));
      return { ...receipt, logs: numbered, effectiveGasPrice: quantity(baseFee + tip) };
    });
  }

  async #place(hash: Hex): Promise<Place | undefined> {
    this.#indexing = this.#indexing.then(() => this.#index());
    await this.#indexing;
    return this.#places.get(hash);
  }

  async #index(): Promise<void> {
    while (this.#indexed < this.#client.chain.headers.height) {
      const block = await this.#client.chain.getBlock(this.#indexed + 1n);
      const blockHash = toHex(block.hash());
      for (const [index, transaction] of block.transactions.entries()) {
        this.#places.set(toHex(transaction.hash()), { blockHash, index });
      }
      this.#indexed += 1n;
    }
  }
}

import type { Hex } from '@holdfast/units';
import type { PublicClient } from 'viem';

/** Adds up what proposers' transaction fees paid to one address, from the receipts of the blocks that name it. */
export class Tips {
  readonly #client: PublicClient;
  readonly #recipient: Hex;
  #total = 0n;

  constructor(client: PublicClient, recipient: Hex) {
    this.#client = client;
    this.#recipient = recipient.toLowerCase() as Hex;
  }

  async look(blockNumber: bigint): Promise<void> {
    const block = await this.#client.getBlock({ blockNumber });
    if (block.miner?.toLowerCase() !== this.#recipient) return;
    for (const hash of block.transactions) {
      const receipt = await this.#client.getTransactionReceipt({ hash });
      this.#total += receipt.gasUsed * (receipt.effectiveGasPrice - block.baseFeePerGas!);
    }
  }

  total(): bigint {
    return this.#total;
  }
}

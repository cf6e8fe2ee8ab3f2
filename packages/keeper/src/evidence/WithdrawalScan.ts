import { type Hex, sameHex } from '@holdfast/units';
import type { PublicClient } from 'viem';

/** A withdrawal to the Vault, in the block of a slot. */
export interface FoundWithdrawal {
  readonly withdrawalIndex: number;
  readonly validatorIndex: number;
  readonly slot: number;
  readonly blockNumber: bigint;
}

export interface WithdrawalScanOptions {
  readonly publicClient: PublicClient;
  readonly vault: Hex;
  readonly slotOf: (timestamp: bigint) => number;
  /** Blocks looked at in one round, so that a long way back does not hold up the other duties. */
  readonly blocksPerRound: number;
}

const BLOCKS_AT_ONCE = 16;

/** The blocks looked through, without a gap. */
interface Span {
  readonly low: { readonly number: bigint; readonly slot: number };
  readonly high: { readonly number: bigint; readonly hash: Hex };
}

/**
 * Looks through the execution chain's blocks for withdrawals to the Vault: forward as blocks come, and backward to the
 * slot from which on slashed validators could be swept. Nothing is kept: after a restart, or a reorg, it looks again.
 */
export class WithdrawalScan {
  private readonly options: WithdrawalScanOptions;
  private readonly found = new Map<number, FoundWithdrawal>();
  private span: Span | null = null;

  constructor(options: WithdrawalScanOptions) {
    this.options = options;
  }

  /** Goes on up to block `head`, and back to `fromSlot`. Returns whether everything between was looked through. */
  async extend(head: bigint, fromSlot: number): Promise<boolean> {
    let budget = this.options.blocksPerRound;
    for (let wanted = this.wanted(head, fromSlot); wanted.length > 0; wanted = this.wanted(head, fromSlot)) {
      if (budget <= 0) return false;
      const numbers = wanted.slice(0, budget);
      this.take(await Promise.all(numbers.map((blockNumber) => this.options.publicClient.getBlock({ blockNumber }))));
      budget -= numbers.length;
    }
    return true;
  }

  of(validatorIndex: number, fromSlot: number): FoundWithdrawal[] {
    return [...this.found.values()].filter((item) => item.validatorIndex === validatorIndex && item.slot >= fromSlot);
  }

  /** The next blocks to look at: forward first, then backward. */
  private wanted(head: bigint, fromSlot: number): bigint[] {
    if (this.span === null) return [head];
    const { low, high } = this.span;
    if (high.number < head) return run(high.number + 1n, head, 1n);
    return low.slot > fromSlot && low.number > 0n ? run(low.number - 1n, 0n, -1n) : [];
  }

  private take(blocks: readonly ScannedBlock[]): void {
    const { slotOf, vault } = this.options;
    const [first, last] = [blocks[0]!, blocks.at(-1)!];
    const span = this.span;
    if (span && first.number === span.high.number + 1n && first.parentHash !== span.high.hash) {
      // A reorg: what was found may not be in this chain.
      this.span = null;
      this.found.clear();
      return;
    }
    const end = { number: last.number, slot: slotOf(last.timestamp), hash: last.hash };
    if (span === null) this.span = { low: end, high: end };
    else this.span = last.number > span.high.number ? { ...span, high: end } : { ...span, low: end };
    for (const { number, timestamp, withdrawals } of blocks) {
      for (const { index, validatorIndex, address } of withdrawals ?? []) {
        if (!sameHex(address, vault)) continue;
        const withdrawalIndex = Number(index);
        const item = { withdrawalIndex, validatorIndex: Number(validatorIndex), slot: slotOf(timestamp) };
        this.found.set(withdrawalIndex, { ...item, blockNumber: number });
      }
    }
  }
}

function run(from: bigint, to: bigint, step: 1n | -1n): bigint[] {
  const count = Math.min(Number((to - from) * step) + 1, BLOCKS_AT_ONCE);
  return Array.from({ length: count }, (_, i) => from + BigInt(i) * step);
}

interface ScannedBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly timestamp: bigint;
  readonly withdrawals?:
    | readonly { readonly index: Hex; readonly validatorIndex: Hex; readonly address: Hex }[]
    | undefined;
}

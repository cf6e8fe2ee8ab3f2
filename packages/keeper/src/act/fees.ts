import type { PublicClient } from 'viem';

/** EIP-1559, in wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Nodes take a replacement that pays at least 10 % more; this is a little over, for rounding. */
const BUMP_PERCENT = 125n;

/** Enough for the base fee to double before the transaction is mined. */
export function feesFor(baseFeePerGas: bigint, priorityFeePerGas: bigint, maxFeePerGasMax: bigint): Fees {
  const maxFeePerGas = min(2n * baseFeePerGas + priorityFeePerGas, maxFeePerGasMax);
  return { maxFeePerGas, maxPriorityFeePerGas: min(priorityFeePerGas, maxFeePerGas) };
}

/** Fees that replace `sent`: both parts higher, and not below the market's. Null when the ceiling forbids it. */
export function bumpedFees(sent: Fees, market: Fees, maxFeePerGasMax: bigint): Fees | null {
  const maxFeePerGas = max(bump(sent.maxFeePerGas), market.maxFeePerGas);
  const maxPriorityFeePerGas = max(bump(sent.maxPriorityFeePerGas), market.maxPriorityFeePerGas);
  if (maxFeePerGas > maxFeePerGasMax) return null;
  return { maxFeePerGas, maxPriorityFeePerGas: min(maxPriorityFeePerGas, maxFeePerGas) };
}

/** The tip a node suggests, or one gwei where it has no opinion. */
export async function suggestedTip(publicClient: PublicClient): Promise<bigint> {
  try {
    return await publicClient.estimateMaxPriorityFeePerGas();
  } catch {
    return 1_000_000_000n;
  }
}

const bump = (fee: bigint): bigint => (fee * BUMP_PERCENT) / 100n + 1n;
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

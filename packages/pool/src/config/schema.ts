import type { PoolConfig } from './PoolConfig.ts';

/** What a field may hold. `big`: a bigint, in JSON a string of digits. `small`: a number that fits a uint16. */
export type Rule =
  | { readonly kind: 'big' | 'small'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'text'; readonly max: number }
  | { readonly kind: 'address' };

type Rules<T> = { readonly [Key in keyof T]: T[Key] extends object ? Rules<T[Key]> : Rule };

const ETH = 10n ** 18n;
const big = (bits: bigint, min = 0n): Rule => ({ kind: 'big', min, max: 2n ** bits - 1n });
const seconds = (min = 0n): Rule => ({ kind: 'big', min, max: 10n * 365n * 86_400n });
const wei = (min = 0n): Rule => ({ kind: 'big', min, max: 2n ** 120n });
const bps: Rule = { kind: 'small', min: 0n, max: 10_000n };
/** The names are kept as short strings, and the token's is part of its EIP-712 domain. */
const text = (max: number): Rule => ({ kind: 'text', max });

/** The bounds of every field: what the constructors refuse, what would overflow, and what could never work. */
export const POOL_CONFIG_RULES: Rules<PoolConfig> = {
  vault: {
    dripSeconds: seconds(1n),
    // Below 5e8 one drip could stretch over decades; above 1e18 it would double every second.
    maxGrowthPerSecond: { kind: 'big', min: 500_000_000n, max: ETH },
    feeBps: bps,
    reserveBps: bps,
    reserveTarget: wei(),
    limitWindow: seconds(1n),
    claimLimitBps: bps,
    // Half a window's limit must hold the largest single request (1,000 ETH).
    claimLimitFloor: wei(2_000n * ETH),
    stakeLimit: wei(),
    requestFeeCap: wei(),
    requestFeeLimit: wei(),
    bountyCap: wei(),
    bountyLimit: wei(),
  },
  checkpoint: { minInterval: seconds(), timeout: seconds(1n) },
  ledger: {
    // MIN_ACTIVATION_BALANCE to MAX_EFFECTIVE_BALANCE_ELECTRA.
    stakeGwei: { kind: 'big', min: 32_000_000_000n, max: 2_048_000_000_000n },
    exitRetrySeconds: seconds(),
  },
  slashing: {
    totalActiveGwei: big(64n, 32_000_000_000n),
    slashingsVectorEpochs: big(32n, 1n),
    settleDelaySeconds: seconds(),
  },
  bond: { base: wei(), perValidator: wei() },
  token: { name: text(64), symbol: text(16) },
  queue: { name: text(64), symbol: text(16) },
  layoutsAppender: { kind: 'address' },
};

import { zeroAddress } from 'viem';
import { expectedLossGwei } from './expectedLoss.ts';
import type { PoolConfig, PoolConfigOverrides } from './PoolConfig.ts';
import { parsePoolConfig } from './parse.ts';

/** What a configuration takes from the network it is for; `readChainFacts` gives it. */
export interface ConfigFacts {
  readonly clock: { readonly secondsPerSlot: bigint; readonly slotsPerEpoch: bigint };
  readonly totalActiveGwei: bigint;
  readonly slashingsVectorEpochs: bigint;
}

const ETH = 10n ** 18n;
const STAKE_GWEI = 32_000_000_000n;
/** A devnet's bond covers so many of an operator's validators slashed at once. */
const DEVNET_SLASHINGS_COVERED = 4n;

/**
 * A pool for a devnet, where a day takes minutes: short windows, wide limits, a bond that covers four validators of one
 * operator slashed together (on a small network the correlation penalty is harsh).
 */
export function devnetPoolConfig(facts: ConfigFacts, overrides: PoolConfigOverrides = {}): PoolConfig {
  const { secondsPerSlot, slotsPerEpoch } = facts.clock;
  const epoch = secondsPerSlot * slotsPerEpoch;
  const worst = expectedLossGwei({
    balanceGwei: STAKE_GWEI,
    slashedGwei: DEVNET_SLASHINGS_COVERED * STAKE_GWEI,
    totalActiveGwei: facts.totalActiveGwei,
    slashingsVectorEpochs: facts.slashingsVectorEpochs,
  });
  const bond = roundUp(worst * 10n ** 9n, ETH / 10n);
  return withOverrides(
    {
      vault: {
        dripSeconds: 2n * epoch,
        maxGrowthPerSecond: 10n ** 14n,
        feeBps: 1000,
        reserveBps: 1000,
        reserveTarget: 10n * ETH,
        limitWindow: 2n * epoch,
        claimLimitBps: 10_000,
        claimLimitFloor: 20_000n * ETH,
        stakeLimit: 1_000_000n * ETH,
        requestFeeCap: ETH / 100n,
        requestFeeLimit: 10n * ETH,
        bountyCap: ETH / 20n,
        bountyLimit: 10n * ETH,
      },
      checkpoint: { minInterval: secondsPerSlot, timeout: 2n * epoch },
      ledger: { stakeGwei: STAKE_GWEI, exitRetrySeconds: 4n * epoch },
      slashing: { ...slashingFacts(facts), settleDelaySeconds: epoch },
      bond: { base: bond, perValidator: bond },
      token: { name: 'Holdfast Devnet Share', symbol: 'HFD' },
      queue: { name: 'Holdfast Devnet Withdrawal', symbol: 'HFDW' },
      layoutsAppender: zeroAddress,
    },
    overrides,
  );
}

/**
 * A prudent pool for mainnet. Gains drip in over a day and the rate grows by at most 20 % a year; 10 % of the assets
 * may be claimed a day; a bond of 4 ETH, and 1 ETH for each further validator, is many times an isolated slashing.
 */
export function mainnetPoolConfig(facts: ConfigFacts, overrides: PoolConfigOverrides = {}): PoolConfig {
  const day = 86_400n;
  return withOverrides(
    {
      vault: {
        dripSeconds: day,
        maxGrowthPerSecond: (ETH * 20n) / 100n / (365n * day),
        feeBps: 700,
        reserveBps: 500,
        reserveTarget: 20n * ETH,
        limitWindow: day,
        claimLimitBps: 1000,
        claimLimitFloor: 4_000n * ETH,
        stakeLimit: 32_000n * ETH,
        requestFeeCap: ETH / 100n,
        requestFeeLimit: 5n * ETH,
        bountyCap: ETH / 20n,
        bountyLimit: 2n * ETH,
      },
      checkpoint: { minInterval: 4n * 3_600n, timeout: 8n * 3_600n },
      ledger: { stakeGwei: STAKE_GWEI, exitRetrySeconds: day },
      slashing: { ...slashingFacts(facts), settleDelaySeconds: 3n * day },
      bond: { base: 4n * ETH, perValidator: ETH },
      token: { name: 'Holdfast Staked Ether', symbol: 'hETH' },
      queue: { name: 'Holdfast Withdrawal', symbol: 'hETHW' },
      layoutsAppender: zeroAddress,
    },
    overrides,
  );
}

const slashingFacts = ({ totalActiveGwei, slashingsVectorEpochs }: ConfigFacts) => ({
  totalActiveGwei,
  slashingsVectorEpochs,
});

const roundUp = (value: bigint, unit: bigint): bigint => ((value + unit - 1n) / unit) * unit;

/** Overridden part by part, and checked: an override that breaks a bound is refused as in a file. */
function withOverrides(config: PoolConfig, overrides: PoolConfigOverrides): PoolConfig {
  const changed: Record<string, unknown> = { ...config };
  for (const [part, change] of Object.entries(overrides)) {
    if (change === undefined) continue;
    const before = changed[part];
    changed[part] = typeof before === 'object' && typeof change === 'object' ? { ...before, ...change } : change;
  }
  return parsePoolConfig(changed);
}

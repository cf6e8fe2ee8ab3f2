import { fromHex } from '@holdfast/units';
import { type ChainConfig, createChainForkConfig } from '@lodestar/config';
import { DEPOSIT_CONTRACT_ADDRESS } from '../execution/system-contracts.ts';
import type { DevnetFork, DevnetOptions } from '../options.ts';

/** `GENESIS_FORK_VERSION` of the minimal configuration: what deposits are signed for (`DOMAIN_DEPOSIT`). */
export const GENESIS_FORK_VERSION = '0x00000001';
export const DEFAULT_SECONDS_PER_SLOT = 12;

/**
 * Where the devnet leaves the minimal configuration: a validator may exit two epochs after activation, an exited one is
 * withdrawable four epochs later, and enough balance may enter and leave each epoch for consolidations of 32 ETH.
 */
const DEVNET_DEFAULTS: Partial<ChainConfig> = {
  CONFIG_NAME: 'holdfast-devnet',
  GENESIS_FORK_VERSION: fromHex(GENESIS_FORK_VERSION),
  GENESIS_DELAY: 0,
  SHARD_COMMITTEE_PERIOD: 2,
  MIN_VALIDATOR_WITHDRAWABILITY_DELAY: 4,
  // Consolidations get what is left of the churn above the activation and exit limit of 128 ETH.
  MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA: 256e9,
  MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT: 128e9,
};

/** The forks that a devnet can begin at, and those that it may meet later, oldest first. */
const SELECTABLE_FORKS: readonly DevnetFork[] = ['electra', 'fulu', 'gloas'];

/** Every fork up to `fork` at epoch 0, the later ones never. */
function forkEpochs(fork: DevnetFork): Partial<ChainConfig> {
  const reached = SELECTABLE_FORKS.indexOf(fork);
  const epochOf = (name: DevnetFork) => (SELECTABLE_FORKS.indexOf(name) <= reached ? 0 : Number.POSITIVE_INFINITY);
  return {
    ALTAIR_FORK_EPOCH: 0,
    BELLATRIX_FORK_EPOCH: 0,
    CAPELLA_FORK_EPOCH: 0,
    DENEB_FORK_EPOCH: 0,
    ELECTRA_FORK_EPOCH: epochOf('electra'),
    FULU_FORK_EPOCH: epochOf('fulu'),
    GLOAS_FORK_EPOCH: epochOf('gloas'),
  };
}

export function devnetChainConfig(options: DevnetOptions): ChainConfig {
  const secondsPerSlot = options.secondsPerSlot ?? DEFAULT_SECONDS_PER_SLOT;
  return createChainForkConfig({
    ...DEVNET_DEFAULTS,
    ...forkEpochs(options.fork ?? 'fulu'),
    SECONDS_PER_SLOT: secondsPerSlot,
    SLOT_DURATION_MS: secondsPerSlot * 1000,
    DEPOSIT_CHAIN_ID: options.execution.chainId,
    DEPOSIT_NETWORK_ID: options.execution.chainId,
    DEPOSIT_CONTRACT_ADDRESS: fromHex(DEPOSIT_CONTRACT_ADDRESS),
    ...options.config,
  });
}

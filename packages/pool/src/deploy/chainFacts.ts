import { type BeaconClient, getTotalActiveBalance } from '@holdfast/beacon';
import { type Hex, type Root, toHex } from '@holdfast/units';
import { getAddress, type PublicClient } from 'viem';
import { PoolDeployError } from '../errors.ts';
import { type ForkStart, layoutsOf } from '../proofs/layouts.ts';
import type { Layout } from '../proofs/types.ts';

/** The Solidity struct `ChainClock`. */
export interface ChainClock {
  readonly genesisTime: bigint;
  readonly secondsPerSlot: bigint;
  readonly slotsPerEpoch: bigint;
  readonly slotsPerHistoricalRoot: bigint;
}

/** What the contracts know of the chain for ever. Part of the manifest: with the configuration it gives all init code. */
export interface ChainFacts {
  readonly chainId: number;
  readonly depositContract: Hex;
  readonly clock: ChainClock;
  readonly genesisValidatorsRoot: Root;
  /** Oldest first; see `layoutsOf`. */
  readonly layouts: readonly Layout[];
  /** First slot that `historical_summaries[0]` covers. */
  readonly summariesFromSlot: bigint;
}

/** The facts, and what a configuration wants to know of the network on the day of its deployment. */
export interface NetworkFacts extends ChainFacts {
  readonly totalActiveGwei: bigint;
  readonly slashingsVectorEpochs: bigint;
}

const FORKS = [
  ['electra', 'ELECTRA_FORK_EPOCH'],
  ['fulu', 'FULU_FORK_EPOCH'],
  ['gloas', 'GLOAS_FORK_EPOCH'],
] as const;

/**
 * Reads the network out of both APIs, and checks that they are of one chain.
 *
 * @throws PoolDeployError when the execution chain is not the beacon chain's, or Electra is not planned there
 */
export async function readNetworkFacts(clients: {
  readonly beaconClient: BeaconClient;
  readonly publicClient: PublicClient;
}): Promise<NetworkFacts> {
  const { beaconClient, publicClient } = clients;
  const spec = await beaconClient.spec();
  const [genesis, chainId, { state }] = await Promise.all([
    beaconClient.genesis(),
    publicClient.getChainId(),
    beaconClient.verifiedState('head'),
  ]);
  const { config, values } = spec;
  if (config.DEPOSIT_CHAIN_ID !== chainId) {
    throw new PoolDeployError('the two APIs are not of one chain', {
      data: { executionChainId: chainId, beaconDepositChainId: config.DEPOSIT_CHAIN_ID },
      fix: 'Give the RPC and the beacon node of the same network',
    });
  }
  const slotsPerEpoch = numberOf(values, 'SLOTS_PER_EPOCH');
  const slotsPerHistoricalRoot = numberOf(values, 'SLOTS_PER_HISTORICAL_ROOT');
  const slotOf = (epoch: number): bigint => BigInt(epoch) * slotsPerEpoch;
  const forks: ForkStart[] = FORKS.map(([fork, key]) => ({ fork, epoch: config[key] }))
    .filter(({ epoch }) => Number.isFinite(epoch))
    .map(({ fork, epoch }) => ({ fork, fromSlot: Number(slotOf(epoch)) }));
  if (forks.length === 0) throw new PoolDeployError('this chain has no Electra fork', { data: { chainId } });
  const capella = slotOf(config.CAPELLA_FORK_EPOCH);
  return {
    chainId,
    depositContract: getAddress(toHex(config.DEPOSIT_CONTRACT_ADDRESS)),
    clock: {
      genesisTime: BigInt(genesis.genesisTime),
      secondsPerSlot: BigInt(config.SLOT_DURATION_MS) / 1000n,
      slotsPerEpoch,
      slotsPerHistoricalRoot,
    },
    genesisValidatorsRoot: genesis.genesisValidatorsRoot,
    layouts: layoutsOf(forks),
    // The period in which Capella began is the first to end in it, and so the first with a summary.
    summariesFromSlot: capella - (capella % slotsPerHistoricalRoot),
    totalActiveGwei: getTotalActiveBalance(state, Math.floor(state.slot / Number(slotsPerEpoch))),
    slashingsVectorEpochs: numberOf(values, 'EPOCHS_PER_SLASHINGS_VECTOR'),
  };
}

/** The part of the facts that the contracts keep. */
export function chainFactsOf(facts: ChainFacts): ChainFacts {
  const { chainId, depositContract, clock, genesisValidatorsRoot, layouts, summariesFromSlot } = facts;
  return { chainId, depositContract, clock, genesisValidatorsRoot, layouts, summariesFromSlot };
}

function numberOf(values: Readonly<Record<string, string>>, key: string): bigint {
  const value = values[key];
  if (value === undefined || !/^\d+$/.test(value)) {
    throw new PoolDeployError('the beacon node does not give a spec value', { data: { key, value } });
  }
  return BigInt(value);
}

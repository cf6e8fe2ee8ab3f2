import type { Hex } from '@holdfast/units';
import { getContractAddress } from 'viem';
import type { PoolConfig } from '../config/PoolConfig.ts';
import type { ChainFacts } from './chainFacts.ts';
import { initCodeOf, PART_NAMES, type PartName, type PoolAddresses } from './parts.ts';

export interface PlannedPart {
  /** From 1; also the nonce of `PoolDeployer` that creates it. */
  readonly number: number;
  readonly name: PartName;
  readonly address: Hex;
  readonly initCode: Hex;
}

export interface PoolPlan {
  readonly deployer: Hex;
  readonly addresses: PoolAddresses;
  readonly parts: readonly PlannedPart[];
}

/**
 * All that a deployment will create, before anything is sent: the parts name each other in their constructors, and
 * their addresses follow from `deployer` (a `PoolDeployer`) alone. Pure.
 */
export function planPool(config: PoolConfig, facts: ChainFacts, deployer: Hex): PoolPlan {
  const numbered = PART_NAMES.map((name, i) => ({ name, number: i + 1 }));
  const addressOf = (number: number): Hex => getContractAddress({ from: deployer, nonce: BigInt(number) });
  const addresses = {
    ...Object.fromEntries(numbered.map(({ name, number }) => [name, addressOf(number)])),
    depositContract: facts.depositContract,
  } as PoolAddresses;
  const parts = numbered.map(({ name, number }) => ({
    number,
    name,
    address: addresses[name],
    initCode: initCodeOf(name, config, facts, addresses),
  }));
  return { deployer, addresses, parts };
}

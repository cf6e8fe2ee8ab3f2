import type { Hex } from '@holdfast/units';
import { type Abi, encodeDeployData } from 'viem';
import type { PoolConfig } from '../config/PoolConfig.ts';
import { bondVaultAbi, bondVaultBytecode, bondVaultRuntime } from '../generated/BondVault.ts';
import { forkLayoutsAbi, forkLayoutsBytecode, forkLayoutsRuntime } from '../generated/ForkLayouts.ts';
import {
  operatorRegistryAbi,
  operatorRegistryBytecode,
  operatorRegistryRuntime,
} from '../generated/OperatorRegistry.ts';
import { shareTokenAbi, shareTokenBytecode, shareTokenRuntime } from '../generated/ShareToken.ts';
import {
  slashingEnforcerAbi,
  slashingEnforcerBytecode,
  slashingEnforcerRuntime,
} from '../generated/SlashingEnforcer.ts';
import { validatorLedgerAbi, validatorLedgerBytecode, validatorLedgerRuntime } from '../generated/ValidatorLedger.ts';
import { vaultAbi, vaultBytecode, vaultRuntime } from '../generated/Vault.ts';
import { withdrawalQueueAbi, withdrawalQueueBytecode, withdrawalQueueRuntime } from '../generated/WithdrawalQueue.ts';
import type { ChainFacts } from './chainFacts.ts';

/** The parts in the order in which they are created; part number n is created with the deployer's nonce n. */
export const PART_NAMES = ['token', 'queue', 'vault', 'ledger', 'layouts', 'registry', 'bonds', 'enforcer'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** The Solidity struct `PoolAddresses`. */
export type PoolAddresses = { readonly [Part in PartName]: Hex } & { readonly depositContract: Hex };

/** Where the deployed code lies in the creation code, and where it holds immutables; in bytes. */
export interface RuntimeCode {
  readonly start: number;
  readonly length: number;
  readonly immutables: readonly { readonly start: number; readonly length: number }[];
}

export interface PartCode {
  readonly abi: Abi;
  readonly bytecode: Hex;
  readonly runtime: RuntimeCode;
}

export const PART_CODE: { readonly [Part in PartName]: PartCode } = {
  token: { abi: shareTokenAbi, bytecode: shareTokenBytecode, runtime: shareTokenRuntime },
  queue: { abi: withdrawalQueueAbi, bytecode: withdrawalQueueBytecode, runtime: withdrawalQueueRuntime },
  vault: { abi: vaultAbi, bytecode: vaultBytecode, runtime: vaultRuntime },
  ledger: { abi: validatorLedgerAbi, bytecode: validatorLedgerBytecode, runtime: validatorLedgerRuntime },
  layouts: { abi: forkLayoutsAbi, bytecode: forkLayoutsBytecode, runtime: forkLayoutsRuntime },
  registry: { abi: operatorRegistryAbi, bytecode: operatorRegistryBytecode, runtime: operatorRegistryRuntime },
  bonds: { abi: bondVaultAbi, bytecode: bondVaultBytecode, runtime: bondVaultRuntime },
  enforcer: { abi: slashingEnforcerAbi, bytecode: slashingEnforcerBytecode, runtime: slashingEnforcerRuntime },
};

/** The creation code of a part with its constructor's arguments. */
export function initCodeOf(part: PartName, config: PoolConfig, facts: ChainFacts, pool: PoolAddresses): Hex {
  const { abi, bytecode } = PART_CODE[part];
  return encodeDeployData({ abi, bytecode, args: constructorArguments(part, config, facts, pool) });
}

function constructorArguments(part: PartName, config: PoolConfig, facts: ChainFacts, pool: PoolAddresses): unknown[] {
  switch (part) {
    case 'token':
      return [config.token.name, config.token.symbol, pool.vault, pool.queue];
    case 'queue':
      return [pool, config.queue.name, config.queue.symbol];
    case 'vault':
      return [pool, config.vault];
    case 'ledger':
      return [pool, facts.clock, config.checkpoint, config.ledger];
    case 'layouts':
      return [
        facts.layouts,
        facts.genesisValidatorsRoot,
        facts.clock.slotsPerHistoricalRoot,
        facts.summariesFromSlot,
        config.layoutsAppender,
      ];
    case 'registry':
      return [pool];
    case 'bonds':
      return [pool, config.bond.base, config.bond.perValidator];
    case 'enforcer':
      return [pool, facts.clock, config.slashing];
  }
}

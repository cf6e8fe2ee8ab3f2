import type { Hex } from '@holdfast/units';
import { type Abi, encodeDeployData, getContractAddress, zeroAddress } from 'viem';
import { compile } from '../../build/compile.ts';
import { CONTRACTS_DIR } from '../../build/sources.ts';
import { layoutOf } from './beacon-proofs.ts';
import { RULES } from './pool-beacon.ts';
import { account, type Contract, DEPOSIT_CONTRACT, type PoolEvm } from './pool-evm.ts';

export const ETH = 10n ** 18n;
export const GWEI = 10n ** 9n;
export const SECONDS_PER_SLOT = 12;
const SLOTS_PER_HISTORICAL_ROOT = 64n;

/** The numbers of the pool under test: real ones, but for delays that fit into a test. */
export const CONFIG = {
  vault: {
    dripSeconds: 960n,
    maxGrowthPerSecond: 10n ** 12n,
    feeBps: 1000,
    reserveBps: 2000,
    reserveTarget: ETH,
    limitWindow: 600n,
    claimLimitBps: 5000,
    claimLimitFloor: 2000n * ETH,
    stakeLimit: 20_000n * ETH,
    requestFeeCap: ETH / 100n,
    requestFeeLimit: ETH / 10n,
    bountyCap: ETH / 1000n,
    bountyLimit: ETH / 50n,
  },
  checkpoint: { minInterval: 60n, timeout: 1200n },
  ledger: { stakeGwei: 32n * GWEI, exitRetrySeconds: 384n },
  bonds: { base: 4n * ETH, perValidator: 2n * ETH },
  slashing: {
    totalActiveGwei: 640n * GWEI,
    slashingsVectorEpochs: BigInt(RULES.slashingsVector),
    settleDelaySeconds: 120n,
  },
};
export type PoolConfig = typeof CONFIG;

export const PARTS = [
  'ForkLayouts',
  'ShareToken',
  'WithdrawalQueue',
  'Vault',
  'ValidatorLedger',
  'OperatorRegistry',
  'BondVault',
  'SlashingEnforcer',
] as const;
export type PartName = (typeof PARTS)[number];

export interface Pool {
  readonly layouts: Contract;
  readonly token: Contract;
  readonly queue: Contract;
  readonly vault: Contract;
  readonly ledger: Contract;
  readonly registry: Contract;
  readonly bonds: Contract;
  readonly enforcer: Contract;
  readonly config: PoolConfig;
}

export interface Code {
  readonly abi: Abi;
  readonly bytecode: Hex;
}
export type PoolCode = Readonly<Record<string, Code>>;

/** Time for a hook that compiles, in milliseconds: minutes where nothing is remembered and the machine is busy. */
export const COMPILING = 600_000;

let compiled: Promise<PoolCode> | undefined;

/** The pool's parts (as they are deployed, or quickly) and helpers of the tests. Compiled once a process. */
export function poolCode(): Promise<PoolCode> {
  compiled ??= codeOf([...PARTS]);
  return compiled;
}

export async function codeOf(
  only: readonly string[],
  options: { fast?: boolean; sources?: Record<string, string> } = {},
): Promise<PoolCode> {
  const { contracts } = await compile({ only, ...options });
  return Object.fromEntries(
    Object.entries(contracts).map(([name, { abi, bytecode }]) => [name, { abi: abi as unknown as Abi, bytecode }]),
  );
}

export const contractsDir = CONTRACTS_DIR;
export const DEPLOYER = account(0);

/** Deploys one contract from `DEPLOYER`, in a block of its own at `timestamp`. */
async function create(evm: PoolEvm, code: Code, args: readonly unknown[], seal: () => Promise<void>): Promise<Hex> {
  const { abi, bytecode } = code;
  const nonce = BigInt(await evm.rpc<Hex>('eth_getTransactionCount', [DEPLOYER, 'latest']));
  await evm.queue(DEPLOYER, undefined, encodeDeployData({ abi, bytecode, args }));
  await seal();
  return getContractAddress({ from: DEPLOYER, nonce }).toLowerCase() as Hex;
}

export type Creator = (name: string, args: readonly unknown[]) => Promise<Contract>;

/** Deploys a contract by name out of `code`; `seal` ends the block it is created in. */
export const creator =
  (evm: PoolEvm, code: PoolCode, seal: () => Promise<void>): Creator =>
  async (name, args) => {
    const found = code[name];
    if (!found) throw new Error(`no code for ${name}`);
    return { name, abi: found.abi, address: await create(evm, found, args, seal) };
  };

/** The whole pool, its parts' addresses computed before they exist. */
export async function deployPool(
  evm: PoolEvm,
  make: Creator,
  chain: { genesisTime: number; genesisRoot: Hex; layoutFrom?: number },
  config: PoolConfig = CONFIG,
): Promise<Pool> {
  const nonce = BigInt(await evm.rpc<Hex>('eth_getTransactionCount', [DEPLOYER, 'latest']));
  const at = (n: number): Hex => getContractAddress({ from: DEPLOYER, nonce: nonce + BigInt(n) }).toLowerCase() as Hex;
  const addresses = {
    layouts: at(0),
    token: at(1),
    queue: at(2),
    vault: at(3),
    ledger: at(4),
    registry: at(5),
    bonds: at(6),
    enforcer: at(7),
    depositContract: DEPOSIT_CONTRACT,
  };
  const clock = {
    genesisTime: BigInt(chain.genesisTime),
    secondsPerSlot: BigInt(SECONDS_PER_SLOT),
    slotsPerEpoch: BigInt(RULES.slotsPerEpoch),
    slotsPerHistoricalRoot: SLOTS_PER_HISTORICAL_ROOT,
  };
  return {
    layouts: await make('ForkLayouts', [
      [layoutOf('fulu', chain.layoutFrom ?? 0)],
      chain.genesisRoot,
      SLOTS_PER_HISTORICAL_ROOT,
      0n,
      zeroAddress,
    ]),
    token: await make('ShareToken', ['Holdfast Share', 'hfETH', addresses.vault, addresses.queue]),
    queue: await make('WithdrawalQueue', [addresses, 'Holdfast Withdrawal', 'hfW']),
    vault: await make('Vault', [addresses, config.vault]),
    ledger: await make('ValidatorLedger', [addresses, clock, config.checkpoint, config.ledger]),
    registry: await make('OperatorRegistry', [addresses]),
    bonds: await make('BondVault', [addresses, config.bonds.base, config.bonds.perValidator]),
    enforcer: await make('SlashingEnforcer', [addresses, clock, config.slashing]),
    config,
  };
}

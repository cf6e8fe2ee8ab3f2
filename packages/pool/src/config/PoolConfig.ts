import type { Hex } from '@holdfast/units';

/**
 * Every number of a pool. All are fixed at deployment: nobody can change one later. The names and units are those of
 * the Solidity structs, which explain them (`Vault.sol`, `BalanceCheckpoint.sol`, `ValidatorLedger.sol`,
 * `SlashingEnforcer.sol`, `BondVault.sol`).
 */
export interface PoolConfig {
  readonly vault: VaultConfig;
  readonly checkpoint: CheckpointConfig;
  readonly ledger: LedgerConfig;
  readonly slashing: SlashingConfig;
  readonly bond: BondConfig;
  readonly token: NamedToken;
  readonly queue: NamedToken;
  /** Who may append layouts of later forks; the zero address means nobody, ever. */
  readonly layoutsAppender: Hex;
}

export interface VaultConfig {
  /** Seconds over which a proven gain enters the rate, at least. */
  readonly dripSeconds: bigint;
  /** In 1e-18 of the rate. */
  readonly maxGrowthPerSecond: bigint;
  /** 1/10,000 of the proven surplus. */
  readonly feeBps: number;
  /** 1/10,000 of the fee, until the reserve holds `reserveTarget`. */
  readonly reserveBps: number;
  /** Wei. */
  readonly reserveTarget: bigint;
  /** Seconds over which each door's limit holds. */
  readonly limitWindow: bigint;
  /** 1/10,000 of the assets, but at least `claimLimitFloor`. Half of it may pass at once. */
  readonly claimLimitBps: number;
  /** Wei. */
  readonly claimLimitFloor: bigint;
  /** Wei a window. */
  readonly stakeLimit: bigint;
  /** Wei a call. */
  readonly requestFeeCap: bigint;
  /** Wei a window. */
  readonly requestFeeLimit: bigint;
  /** Wei a call. */
  readonly bountyCap: bigint;
  /** Wei a window. */
  readonly bountyLimit: bigint;
}

export interface CheckpointConfig {
  /** Seconds from the start of one checkpoint to the start of the next. */
  readonly minInterval: bigint;
  /** Seconds after which an unfinished one may be replaced. */
  readonly timeout: bigint;
}

export interface LedgerConfig {
  /** What a validator is funded to, its operator's 1 ETH included. */
  readonly stakeGwei: bigint;
  /** Seconds after which an exit that was not taken up may be asked for again. */
  readonly exitRetrySeconds: bigint;
}

export interface SlashingConfig {
  /** T: the network's total active balance. */
  readonly totalActiveGwei: bigint;
  /** consensus-specs EPOCHS_PER_SLASHINGS_VECTOR. */
  readonly slashingsVectorEpochs: bigint;
  /** Time for everybody to bring evidence after the first. */
  readonly settleDelaySeconds: bigint;
}

export interface BondConfig {
  /** Wei for an operator's first validator. */
  readonly base: bigint;
  /** Wei for each validator after it. */
  readonly perValidator: bigint;
}

export interface NamedToken {
  readonly name: string;
  readonly symbol: string;
}

/** Any part of a configuration, to change a ready-made one. */
export type PoolConfigOverrides = { readonly [Part in keyof PoolConfig]?: Partial<PoolConfig[Part]> | undefined };

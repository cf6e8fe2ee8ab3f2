import type { PoolManifest } from '@holdfast/pool';
import { KeeperConfigError } from './errors.ts';

/** How a keeper works. Everything has a default; what the contracts fix comes from the pool's manifest. */
export interface KeeperOptions {
  /** Seconds from one checkpoint to the next when nothing asks for one earlier. Default: a day, at least the pool's `minInterval`. */
  readonly checkpointEveryS?: number | undefined;
  /** Validators in one `proveBalances`. Default 256: about 5 million gas over a registry of a million. */
  readonly balancesPerBatchMax?: number | undefined;
  /** Requests in one `finalize`. Default 500. */
  readonly finalizePerBatchMax?: number | undefined;
  /** Seconds that a settlement waits for evidence that exists and cannot be brought. Default a day. */
  readonly evidenceGraceS?: number | undefined;
  /**
   * Actions that are not urgent wait while the base fee is above this, in wei. Urgent are proofs of slashings with their
   * evidence, exits of frozen operators, and a checkpoint that has begun. Default: no limit, always act.
   */
  readonly baseFeeWeiMax?: bigint | undefined;
  /** Never pays more than this per gas, in wei, urgent or not. Default 1,000 gwei. */
  readonly maxFeePerGasMax?: bigint | undefined;
  /** Wei per gas to the proposer. Default: what the node suggests. */
  readonly priorityFeePerGas?: bigint | undefined;
  /** Slots after which a transaction that is not mined is replaced with a higher fee. Default 3. */
  readonly replaceAfterSlots?: number | undefined;
  /** Reads the beacon state anew when the last one is older than so many slots. Default 1; on mainnet a state is 300 MB. */
  readonly stateEverySlots?: number | undefined;
  /** How long one round waits for the beacon nodes. Default 60 s. */
  readonly beaconTimeoutMs?: number | undefined;
  /** Execution blocks looked through for withdrawals in one round. Default 256. */
  readonly scanBlocksPerRound?: number | undefined;
  /**
   * Does an action only when it has been wanted for so many slots and nobody else did it. Default 0. For a second keeper
   * beside a first: it then pays no gas for calls that come too late.
   */
  readonly standbySlots?: number | undefined;
  /** `run` begins a round at least this often, head event or not. Default: one slot. */
  readonly pollMs?: number | undefined;
}

export interface ResolvedOptions {
  readonly checkpointEveryS: number;
  readonly balancesPerBatchMax: number;
  readonly finalizePerBatchMax: number;
  readonly evidenceGraceS: number;
  readonly baseFeeWeiMax: bigint | null;
  readonly maxFeePerGasMax: bigint;
  readonly priorityFeePerGas: bigint | null;
  readonly replaceAfterSlots: number;
  readonly stateEverySlots: number;
  readonly beaconTimeoutMs: number;
  readonly scanBlocksPerRound: number;
  readonly standbySlots: number;
  readonly pollMs: number;
}

const DAY_S = 86_400;

/** @throws KeeperConfigError for a number that makes no sense */
export function resolveOptions(options: KeeperOptions, manifest: PoolManifest): ResolvedOptions {
  const secondsPerSlot = Number(manifest.facts.clock.secondsPerSlot);
  const minInterval = Number(manifest.config.checkpoint.minInterval);
  const count = (name: keyof KeeperOptions, value: number, least = 1): number => {
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new KeeperConfigError(`${name} must be a whole number of at least ${least}`, { data: { value } });
  };
  return {
    checkpointEveryS: Math.max(count('checkpointEveryS', options.checkpointEveryS ?? DAY_S), minInterval),
    balancesPerBatchMax: count('balancesPerBatchMax', options.balancesPerBatchMax ?? 256),
    finalizePerBatchMax: count('finalizePerBatchMax', options.finalizePerBatchMax ?? 500),
    evidenceGraceS: count('evidenceGraceS', options.evidenceGraceS ?? DAY_S, 0),
    baseFeeWeiMax: options.baseFeeWeiMax ?? null,
    maxFeePerGasMax: options.maxFeePerGasMax ?? 1_000_000_000_000n,
    priorityFeePerGas: options.priorityFeePerGas ?? null,
    replaceAfterSlots: count('replaceAfterSlots', options.replaceAfterSlots ?? 3),
    stateEverySlots: count('stateEverySlots', options.stateEverySlots ?? 1),
    beaconTimeoutMs: count('beaconTimeoutMs', options.beaconTimeoutMs ?? 60_000),
    scanBlocksPerRound: count('scanBlocksPerRound', options.scanBlocksPerRound ?? 256),
    standbySlots: count('standbySlots', options.standbySlots ?? 0, 0),
    pollMs: count('pollMs', options.pollMs ?? secondsPerSlot * 1000),
  };
}

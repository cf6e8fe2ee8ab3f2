import type { Hex } from '@holdfast/units';
import type { ValidatorState } from './status.ts';

/** A pool at one block. Wei unless the name says gwei; rates in wei per 1e18 shares; times in seconds. */
export interface PoolSnapshot {
  readonly block: { readonly number: bigint; readonly timestamp: bigint };
  readonly rate: RateSchedule;
  /** The highest rate a checkpoint has proven. */
  readonly highWater: bigint;
  /** In 1e-18 of a share. */
  readonly totalShares: bigint;
  readonly totalAssets: bigint;
  readonly vault: {
    readonly balance: bigint;
    /** Balance without reserve and fees owed. */
    readonly freeCash: bigint;
    readonly stakeableCash: bigint;
    /** What the queue may be paid now. */
    readonly claimableNow: bigint;
    /** The bounty reserve. */
    readonly reserve: bigint;
    readonly feesOwed: bigint;
  };
  readonly queue: QueueSnapshot;
  readonly checkpoint: CheckpointSnapshot;
  readonly ledger: {
    readonly liveCount: number;
    readonly lastOrdinal: number;
    readonly fundCursor: number;
    readonly exitCursor: number;
    readonly leavingGwei: bigint;
    /** What the queue needs beyond the cash at hand and the exits on their way. */
    readonly shortfall: bigint;
  };
  readonly operators: readonly OperatorSnapshot[];
  /** In the order of their ordinals, from 1. */
  readonly validators: readonly ValidatorSnapshot[];
}

export interface RateSchedule {
  readonly current: bigint;
  readonly target: bigint;
  readonly reachedAt: bigint;
}

export interface QueueSnapshot {
  readonly balance: bigint;
  readonly lastId: bigint;
  /** The newest request was made in this block; those after `earlierId` were. */
  readonly lastBlock: bigint;
  readonly earlierId: bigint;
  readonly finalizedId: bigint;
  readonly frozenId: bigint;
  readonly payableId: bigint;
  readonly queuedShares: bigint;
}

export interface CheckpointSnapshot {
  readonly root: Hex;
  /** Zero until opened. */
  readonly stateRoot: Hex;
  /** P: slot of the proven state; 0 until opened. */
  readonly slot: number;
  /** C: slot of the block in which it started. */
  readonly startSlot: number;
  readonly startedAt: bigint;
  readonly remaining: number;
  readonly sumGwei: bigint;
  readonly open: boolean;
}

export interface OperatorSnapshot {
  readonly id: number;
  readonly manager: Hex;
  readonly name: string;
  /** Validators its bond answers for. */
  readonly held: number;
  /** Of these, funded and unslashed. */
  readonly earning: number;
  /** Open slashings; frozen while there is one. */
  readonly slashings: number;
  readonly frozen: boolean;
  /** No new stake, ever. */
  readonly barred: boolean;
  readonly mayStake: boolean;
  readonly bond: bigint;
  readonly bondReserved: bigint;
  readonly bondRequired: bigint;
  readonly bondFree: bigint;
  readonly fees: bigint;
  readonly slashedGwei: bigint;
}

export interface ValidatorSnapshot {
  readonly ordinal: number;
  readonly status: ValidatorState;
  readonly operatorId: number;
  readonly pubkey: Hex;
  readonly pubkeyRoot: Hex;
  /** In the beacon registry; 0 until proven. */
  readonly index: number;
  readonly balanceGwei: bigint;
  readonly balanceSlot: number;
  readonly inFlightGwei: bigint;
  readonly depositSlot: number;
  /** Null when no exit was asked for (or shown). */
  readonly exitRequest: { readonly askedAt: bigint; readonly expectedGwei: bigint } | null;
  /** Null unless slashed and not settled. */
  readonly slashing: SlashingSnapshot | null;
}

export interface SlashingSnapshot {
  /** Effective balance when it was proven. */
  readonly effectiveGwei: bigint;
  /** Worth before the fault. */
  readonly referenceGwei: bigint;
  readonly landedGwei: bigint;
  readonly expectedGwei: bigint;
  readonly coverGwei: bigint;
  readonly recoveredGwei: bigint;
  readonly withdrawableEpoch: number;
  readonly referenceSlot: number;
  readonly firstRecoveryAt: bigint;
  readonly settleableFrom: bigint;
}

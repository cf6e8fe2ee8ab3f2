import type { ValidatorState } from '@holdfast/pool';
import type { Pubkey } from '@holdfast/units';

/** What the ledger keeps of one validator, and what is known of its slashing. Times in seconds, amounts in gwei. */
export interface ValidatorRecord {
  readonly ordinal: number;
  readonly pubkey: Pubkey;
  readonly status: ValidatorState;
  readonly operatorId: number;
  /** Position in the beacon registry; means nothing before its credentials are proven. */
  readonly index: number;
  readonly balanceGwei: bigint;
  readonly balanceSlot: number;
  readonly inFlightGwei: bigint;
  readonly depositSlot: number;
  /** When an exit was last asked for; 0: never. */
  readonly exitAskedAt: number;
  /** What of `comingWei` is expected of that exit, in gwei. */
  readonly exitExpectedGwei: bigint;
  /** Of a slashed validator that is not settled. */
  readonly slashing?: SlashingRecord | undefined;
}

/** `SlashingEnforcer.slashings`, as far as the keeper decides by it. */
export interface SlashingRecord {
  /** Slot of the youngest proven state before the fault; 0: none proven. */
  readonly referenceSlot: number;
  readonly withdrawableEpoch: number;
  /** From when `settle` may be called, in seconds. */
  readonly settleableFrom: number;
  /** Proven withdrawals to the Vault. */
  readonly recoveredGwei: bigint;
}

export interface OperatorRecord {
  readonly mayStake: boolean;
  readonly frozen: boolean;
  /** Its unsettled slashings, when one of them has a lower provision than all of them together call for; else 0. */
  readonly lowProvisions: number;
}

/** The checkpoint in progress, or the last one. All zero before the first. */
export interface CheckpointRecord {
  readonly phase: 'idle' | 'started' | 'opened';
  readonly slot: number;
  readonly startSlot: number;
  readonly startedAt: number;
  readonly remaining: number;
}

/** The pool at the head of the execution chain. */
export interface PoolFacts {
  readonly validators: readonly ValidatorRecord[];
  readonly operators: ReadonlyMap<number, OperatorRecord>;
  readonly checkpoint: CheckpointRecord;
  readonly fundCursor: number;
  readonly exitCursor: number;
  readonly stakeableWei: bigint;
  /** What the queue wants, and the cash at hand with the exits on their way, in wei. */
  readonly wantedWei: bigint;
  readonly comingWei: bigint;
  /** Cash beyond what the shares will be worth at their proven rate, in wei; what is outside the Vault is not in it. */
  readonly unreportedWei: bigint;
  /** Highest id of all requests, and of those that a finished checkpoint has released. */
  readonly lastRequestId: number;
  readonly payableId: number;
  /** Requests that `finalize` would pay now. */
  readonly finalizable: number;
  /** The EIP-7002 fee now, in wei; null while it cannot be asked (the request contract is inhibited). */
  readonly requestFeeWei: bigint | null;
}

/** One validator in a beacon state. Epochs as the state has them: "never" is 2⁶⁴ − 1. */
export interface BeaconValidator {
  readonly index: number;
  readonly slashed: boolean;
  readonly balanceGwei: bigint;
  readonly activationEpoch: bigint;
  readonly exitEpoch: bigint;
  readonly withdrawableEpoch: bigint;
}

/** The beacon chain at the latest moment that can be proven. */
export interface BeaconFacts {
  readonly slot: number;
  /** Epochs a validator must have been active before it may exit (consensus-specs, SHARD_COMMITTEE_PERIOD). */
  readonly shardCommitteePeriod: number;
  /** By ordinal. Validators whose deposit the state has not applied are missing. */
  readonly validators: ReadonlyMap<number, BeaconValidator>;
}

/** What the state of the checkpoint in progress says of the deposits that were in flight. That it is there means: the
 * state was found, and can be shown. */
export interface CheckpointFacts {
  /**
   * By ordinal, deposits that have to be resolved: still in `pending_deposits`, or gone from it. Unknown when it could not
   * be learned: such a validator can neither be resolved nor counted now.
   */
  readonly deposits: ReadonlyMap<number, 'pending' | 'landed' | 'unknown'>;
  /** Ordinals whose deposit this checkpoint has been shown already. */
  readonly resolved: ReadonlySet<number>;
}

/** Evidence that exists and that the enforcer has not seen. */
export interface SlashingFacts {
  /** Whether all blocks since the withdrawable epoch were looked through. */
  readonly searched: boolean;
  /** Slot of the last block before the one that slashed the validator, when it is known. */
  readonly referenceSlot: number | null;
  /** Withdrawals of it since its withdrawable epoch that are not proven, by withdrawal index. */
  readonly unprovenWithdrawals: readonly { readonly withdrawalIndex: number; readonly slot: number }[];
}

/** Numbers that are fixed at deployment, or set by who runs the keeper. */
export interface Rules {
  readonly slotsPerEpoch: number;
  readonly fundingGwei: bigint;
  readonly checkpointMinIntervalS: number;
  readonly checkpointTimeoutS: number;
  readonly exitRetryS: number;
  readonly requestFeeCapWei: bigint;
  /** Seconds from one checkpoint to the next when nothing asks for one earlier. */
  readonly checkpointEveryS: number;
  readonly balancesPerBatchMax: number;
  readonly finalizePerBatchMax: number;
  /** Seconds for which a settlement that may be made waits for evidence that exists and cannot be brought. */
  readonly evidenceGraceS: number;
}

/** Everything a decision rests on. What could not be learned is null: duties that need it wait, the others go on. */
export interface Observation {
  /** Timestamp of the latest block, in seconds, and its slot. */
  readonly now: number;
  readonly slot: number;
  readonly rules: Rules;
  readonly pool: PoolFacts;
  readonly beacon: BeaconFacts | null;
  /** Null while its state cannot be read, and when no checkpoint is in progress. */
  readonly checkpoint: CheckpointFacts | null;
  /** By ordinal. */
  readonly slashings: ReadonlyMap<number, SlashingFacts>;
  /** Keys of actions whose transaction is on its way. */
  readonly inFlight: ReadonlySet<string>;
  /** Keys of actions that failed a short while ago and wait. */
  readonly resting: ReadonlySet<string>;
}

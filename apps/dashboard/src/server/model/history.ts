import type { PoolEvent } from '@holdfast/pool';
import type { CheckpointRow, RatePoint } from '../../shared/state.ts';

/** An event with the time of its block, in seconds. */
export type TimedEvent = PoolEvent & { readonly timestamp: number };

/** Wei that moved since a checkpoint froze its moment; what it proved, moved by these, is what there is now. */
export interface Flows {
  readonly deposits: bigint;
  /** Operators' own 1 ETH that became the pool's: it lies in validators, not in the Vault. */
  readonly predeposits: bigint;
  readonly claims: bigint;
  readonly staked: bigint;
  readonly compensated: bigint;
  readonly losses: bigint;
}

export const noFlows = (): Flows => ({
  deposits: 0n,
  predeposits: 0n,
  claims: 0n,
  staked: 0n,
  compensated: 0n,
  losses: 0n,
});

/** The rate as the Vault keeps it (ShareRate.sol): a line from `from` at `since` to `target` at `until`, then flat. */
export interface RateLine {
  readonly from: bigint;
  readonly since: number;
  readonly target: bigint;
  readonly until: number;
}

/** One withdrawal request, as its events tell it. */
export interface RequestRecord {
  readonly id: bigint;
  owner: string;
  readonly shares: bigint;
  readonly assets: bigint;
  payout: bigint | null;
  readonly requestedAt: number;
  readonly tx: string;
  claimTx: string | null;
}

/** Where in the chain something happened. */
export interface Place {
  readonly at: number;
  readonly block: string;
  readonly tx: string;
}

/** A proven slashing, as its events tell it. */
export interface SlashingCase {
  readonly ordinal: number;
  readonly operatorId: number;
  readonly proven: Place & { readonly by: string };
  expectedGwei: bigint;
  coverGwei: bigint;
  frozen: Place | null;
  readonly exits: { readonly ordinal: number; readonly tx: string; readonly block: string; readonly at: number }[];
  /** Of those exits, how many the beacon chain has taken up, by proof. */
  readonly exitsProven: Set<number>;
  /** Gwei that came back, by proof. */
  recoveredGwei: bigint;
  settled: (Place & { readonly lossGwei: bigint; readonly paid: bigint }) | null;
}

/**
 * Everything the page shows that the pool's state of one block does not hold: folded out of its events, one by one, in
 * the chain's order. After a reorganisation it is thrown away and folded again.
 */
export interface History {
  readonly ledger: string;
  /** In 1e-18 of a share. */
  supply: bigint;
  readonly points: RatePoint[];
  line: RateLine | null;
  /** Newest last. */
  readonly checkpoints: CheckpointRow[];
  /** Deposits that no checkpoint has seen land, in gwei by ordinal. */
  readonly inFlight: Map<number, bigint>;
  /** The same, frozen when the checkpoint in progress started. */
  inFlightFrozen: Map<number, bigint>;
  startedWith: number;
  /** The last finished checkpoint's deposits in flight, in gwei, and what has flowed since it started. */
  provenInFlightGwei: bigint;
  /** What bonds stood for in its sum, in gwei; no event tells it, so whoever has the pool's state sets it. */
  provenCoverGwei: bigint;
  since: Flows;
  sinceOpen: Flows;
  lastReport: { readonly target: bigint; readonly fee: bigint } | null;
  readonly requests: Map<bigint, RequestRecord>;
  readonly cases: Map<number, SlashingCase>;
  /** Each operator's last freeze. */
  readonly frozenAt: Map<number, Place>;
  readonly rejected: { readonly ordinal: number; readonly operatorId: number; readonly event: TimedEvent }[];
}

export const newHistory = (ledger: string): History => ({
  ledger: ledger.toLowerCase(),
  supply: 0n,
  points: [],
  line: null,
  checkpoints: [],
  inFlight: new Map(),
  inFlightFrozen: new Map(),
  startedWith: 0,
  provenInFlightGwei: 0n,
  provenCoverGwei: 0n,
  since: noFlows(),
  sinceOpen: noFlows(),
  lastReport: null,
  requests: new Map(),
  cases: new Map(),
  frozenAt: new Map(),
  rejected: [],
});

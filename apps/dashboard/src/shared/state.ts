/**
 * What the server tells the page. Amounts are decimal strings of wei (JSON has no big integers) unless a name says gwei;
 * times are seconds of the chain's clock; rates are wei per 1e18 shares.
 */
import type { ClusterRow } from './clusters.ts';

export type Amount = string;

export type HealthState = 'starting' | 'ok' | 'down' | 'wrong-network';

export interface Health {
  readonly state: HealthState;
  /** What is wrong, for people; empty when nothing is. */
  readonly message: string;
  /** Milliseconds since 1970, of the server's clock, since when it has been so. */
  readonly sinceMs: number;
}

export interface Head {
  readonly block: string;
  readonly timestamp: number;
  readonly slot: number;
  readonly epoch: number;
  readonly finalizedEpoch: number | null;
}

/** What backs the shares: as the last checkpoint proved it, and what moved since, by the contracts' own events. */
export interface Backing {
  readonly total: Amount;
  readonly vaultCash: Amount;
  readonly validators: Amount;
  readonly inFlight: Amount;
  /** What bonds have set aside for slashings that are proven but not settled. */
  readonly bondCover: Amount;
  /** What all shares are worth at the rate of now. */
  readonly owed: Amount;
  readonly owedHeld: Amount;
  /** The part of `owed` whose shares lie in the queue's escrow. */
  readonly owedQueued: Amount;
  /** Proven, and still dripping into the rate. */
  readonly dripping: Amount;
  /** Expected loss of open slashings, bond cover included. */
  readonly provisions: Amount;
  /** Cash that belongs to claims that may be paid now; apart from all the above. */
  readonly setAside: Amount;
  /** Bounty reserve and fees owed: in the Vault, not the shares'. */
  readonly notShares: Amount;
  /** Null before the first checkpoint. */
  readonly proof: {
    readonly slot: number;
    readonly provenAt: number;
    readonly block: string;
    readonly tx: string;
  } | null;
}

export interface RatePoint {
  readonly t: number;
  readonly rate: Amount;
  readonly kind: 'start' | 'checkpoint' | 'reached' | 'loss';
}

export interface RateState {
  readonly current: Amount;
  readonly target: Amount;
  readonly reachedAt: number;
  readonly highWater: Amount;
  readonly totalShares: Amount;
  readonly points: readonly RatePoint[];
}

export interface OperatorRow {
  readonly id: number;
  readonly name: string;
  readonly manager: string;
  readonly status: 'active' | 'short of bond' | 'frozen' | 'barred';
  readonly held: number;
  readonly earning: number;
  readonly slashings: number;
  readonly bond: Amount;
  readonly bondRequired: Amount;
  readonly bondReserved: Amount;
  readonly fees: Amount;
}

export type PoolStatus =
  | 'none'
  | 'predeposited'
  | 'proven'
  | 'rejected'
  | 'funded'
  | 'exiting'
  | 'slashed'
  | 'withdrawn';

export interface ValidatorRow {
  readonly ordinal: number;
  readonly operatorId: number;
  readonly pubkey: string;
  readonly status: PoolStatus;
  /** Null until proven. */
  readonly index: number | null;
  /** At the last checkpoint that counted it. */
  readonly provenGwei: string;
  readonly provenSlot: number;
  readonly inFlightGwei: string;
  readonly exitAskedAt: number | null;
  readonly expectedLossGwei: string | null;
  readonly bondCoverGwei: string | null;
  readonly settleableFrom: number | null;
  /** The beacon node's word, unproven; null when it does not know the validator or is down. */
  readonly beacon: BeaconView | null;
}

export interface BeaconView {
  readonly status: string;
  readonly balanceGwei: string;
  readonly effectiveGwei: string;
  readonly slashed: boolean;
  readonly activationEpoch: number | null;
  readonly exitEpoch: number | null;
  readonly withdrawableEpoch: number | null;
}

export const STAGES = ['fault', 'seen', 'proven', 'enforced', 'settled'] as const;
export type Stage = (typeof STAGES)[number];

export interface StageMark {
  readonly stage: Stage;
  readonly text: string;
  readonly at: number | null;
  /** Beacon slot, when that is where it is. */
  readonly slot: number | null;
  readonly block: string | null;
  readonly tx: string | null;
}

export interface Incident {
  readonly id: string;
  readonly kind: 'slashing' | 'frontRun' | 'fault';
  readonly title: string;
  readonly operatorId: number;
  readonly operatorName: string;
  readonly ordinal: number;
  readonly index: number | null;
  readonly open: boolean;
  readonly marks: readonly StageMark[];
  /** Exits asked for because of it. */
  readonly exits: readonly { readonly ordinal: number; readonly tx: string; readonly block: string }[];
  readonly expected: Amount | null;
  readonly cover: Amount | null;
  readonly loss: Amount | null;
  readonly paid: Amount | null;
}

export interface CheckpointRow {
  readonly slot: number;
  readonly at: number;
  readonly nav: Amount;
  readonly outside: Amount;
  readonly rateTarget: Amount;
  readonly fee: Amount;
  readonly validators: number;
  readonly block: string;
  readonly tx: string;
}

export interface CheckpointProgress {
  readonly open: boolean;
  readonly slot: number;
  readonly startedAt: number;
  readonly remaining: number;
}

export type RequestState = 'queued' | 'proven' | 'payable' | 'claimed';

export interface RequestRow {
  readonly id: string;
  readonly owner: string;
  readonly shares: Amount;
  /** At the rate of the request: the most it will be paid. */
  readonly assets: Amount;
  /** What it is paid, once finalised. */
  readonly payout: Amount | null;
  readonly state: RequestState;
  readonly requestedAt: number;
  readonly tx: string;
  readonly claimTx: string | null;
}

export interface QueueState {
  readonly waiting: number;
  readonly payable: number;
  readonly queuedShares: Amount;
  readonly setAside: Amount;
  readonly shortfall: Amount;
  readonly claimableNow: Amount;
}

export interface ActiveFaultRow {
  readonly kind: string;
  readonly pubkey: string;
  readonly untilSlot: number | null;
}

export interface DevnetState {
  readonly running: boolean;
  readonly faults: readonly ActiveFaultRow[];
  /** The Beacon API's tampering in force, or null. */
  readonly tamper: string | null;
  readonly accounts: readonly { readonly index: number; readonly label: string }[];
}

export interface DashboardState {
  readonly network: {
    readonly chainId: number;
    readonly name: string;
    readonly devnet: boolean;
    readonly genesisTime: number;
    readonly secondsPerSlot: number;
    readonly slotsPerEpoch: number;
  };
  readonly pool: {
    readonly name: string;
    readonly symbol: string;
    readonly vault: string;
    readonly token: string;
    readonly queue: string;
    /** In wei: what one request may hold at most. */
    readonly requestMax: Amount;
  };
  readonly health: { readonly rpc: Health; readonly beacon: Health; readonly devnet: Health | null };
  readonly head: Head | null;
  readonly backing: Backing | null;
  readonly rate: RateState | null;
  readonly operators: readonly OperatorRow[];
  readonly validators: readonly ValidatorRow[];
  readonly incidents: readonly Incident[];
  readonly checkpoints: readonly CheckpointRow[];
  readonly checkpoint: CheckpointProgress | null;
  readonly queue: QueueState | null;
  readonly devnet: DevnetState | null;
  /** Null where nobody tells of clusters. */
  readonly clusters: readonly ClusterRow[] | null;
}

/** `GET /api/account/:address`. */
export interface AccountState {
  readonly address: string;
  /** Newest first. */
  readonly requests: readonly RequestRow[];
}

/** `POST /api/verify`: the backing, recomputed without asking the pool for any sum. */
export interface VerifyState {
  readonly backed: boolean;
  readonly block: string;
  readonly slot: number | null;
  readonly assets: Amount | null;
  readonly owed: Amount | null;
  readonly rows: readonly {
    readonly check: string;
    /** Null: could not be checked. */
    readonly ok: boolean | null;
    readonly note: string;
    readonly expected: string;
    readonly actual: string;
    readonly diff: Amount | null;
  }[];
}

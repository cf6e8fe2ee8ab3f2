/** Clusters of distributed validator nodes, as the page shows them. Nodes count from 1; times are milliseconds after the slot's start. */

/**
 * `starting`: its validators' duties are still done elsewhere. `stopped`: too few nodes take part, and it goes on when
 * enough do. `halted`: one of its validators was slashed, and its nodes sign nothing more for any of them.
 */
export type ClusterState = 'starting' | 'running' | 'stopped' | 'halted';

/** `waiting`: its process is yet to be started. `cutOff`: it runs, and no other node reaches it. `frozen`: its process stands still. */
export type ClusterNodeState = 'waiting' | 'starting' | 'up' | 'down' | 'frozen' | 'cutOff';

export interface ClusterNodeRow {
  readonly node: number;
  readonly state: ClusterNodeState;
  /** It sends wrong partial signatures, because it was told to. */
  readonly corrupt: boolean;
  /** What the others have caught it at since they started. */
  readonly faults: number;
  /** Agreements of the last slots whose value was this node's. */
  readonly led: number;
  /** The median of when its first partial signature of a slot came, over the last slots; null when none came. */
  readonly partialMs: number | null;
  /** Its partials come much later than the others', or not at all. */
  readonly late: boolean;
}

export interface ClusterDutyRow {
  readonly duty: string;
  /** Null while it is not decided. */
  readonly done: boolean | null;
  readonly round: number | null;
  /** The node whose value was agreed on. */
  readonly leader: number | null;
  /** When it was published. */
  readonly doneMs: number | null;
  /** Why it was missed. */
  readonly why: string | null;
}

export interface ClusterSlotRow {
  readonly slot: number;
  readonly duties: readonly ClusterDutyRow[];
}

export interface ClusterRow {
  /** The operator's. */
  readonly name: string;
  readonly threshold: number;
  /** Their public keys. */
  readonly validators: readonly string[];
  readonly state: ClusterState;
  /** Why it signs nothing, as its nodes say it; null while it runs, or starts. */
  readonly why: string | null;
  readonly nodes: readonly ClusterNodeRow[];
  /** The newest first. */
  readonly slots: readonly ClusterSlotRow[];
  /** Duties in `window` slots. */
  readonly done: number;
  readonly missed: number;
  readonly window: number;
}

export const CLUSTER_ACTS = ['kill', 'restart', 'freeze', 'thaw', 'cutOff', 'reconnect', 'corrupt', 'behave'] as const;
export type ClusterAct = (typeof CLUSTER_ACTS)[number];

/** What is to be done to one node. */
export interface ClusterOrder {
  /** The operator's name. */
  readonly cluster: string;
  readonly node: number;
  readonly act: ClusterAct;
}

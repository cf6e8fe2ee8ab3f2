import type { ClusterLock, OperatorSignatures } from '../lock/types.ts';
import type { ThresholdError } from '../threshold/errors.ts';
import type { RandomBytes, Scalar } from '../threshold/scalar.ts';
import type { Fault } from './faults.ts';
import type { NodeIdentity } from './identity.ts';
import type { Party, Phase } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

export interface CeremonyConfig {
  readonly plan: CeremonyPlan;
  /** Verified before (`verifyOperators`). They go into the lock. */
  readonly operatorSignatures: readonly OperatorSignatures[];
  readonly identity: NodeIdentity;
  readonly random: RandomBytes;
  /** This node's shares in the cluster that is re-dealt, by validator; the caller erases them. Only in a resharing. */
  readonly oldShares?: readonly Scalar[];
}

/** What happens to a ceremony. `from` is who the transport proved to be at the other end. */
export type CeremonyInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'message'; readonly from: Party; readonly bytes: Uint8Array }
  | { readonly kind: 'deadline'; readonly round: number };

/** What is to be done about it. */
export type CeremonyEffect =
  /** Send, on an encrypted line to this party and nobody else: it may hold its shares. */
  | { readonly kind: 'send'; readonly to: Party; readonly bytes: Uint8Array }
  /** A round began. Give `deadline` for it when its time, counted from the start of the ceremony, is over. */
  | { readonly kind: 'round'; readonly round: number; readonly stage: Stage }
  | { readonly kind: 'done'; readonly result: CeremonyResult }
  | { readonly kind: 'failed'; readonly error: ThresholdError; readonly faults: readonly Fault[] };

export interface CeremonyResult {
  readonly lock: ClusterLock;
  /** This node's number in the new cluster; undefined for one that leaves. */
  readonly index: number | undefined;
  /** This node's shares, by validator; secret, the caller erases them once they are stored. Empty for one that leaves. */
  readonly shares: readonly Scalar[];
  /** The parties whose dealings made the keys. */
  readonly qualified: readonly Party[];
  readonly faults: readonly Fault[];
}

export type Stage = Phase | 'confirm' | 'seal' | 'over';

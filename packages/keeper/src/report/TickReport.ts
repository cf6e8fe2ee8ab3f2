import type { Hex } from '@holdfast/units';
import type { Action, ActionKind } from '../decide/action.ts';
import type { ErrorDescription } from './log.ts';

/** What one round saw and did. JSON but for the bigints. */
export interface TickReport {
  /** Whether the pool could be read. Beacon trouble alone is not a failed round: the other duties were done. */
  readonly ok: boolean;
  readonly slot: number | null;
  readonly blockNumber: bigint | null;
  /** Slot of the beacon state that decisions rested on. */
  readonly provenSlot: number | null;
  readonly actions: readonly ActionReport[];
  /** Transactions of earlier rounds whose nonce is used up. */
  readonly landed: readonly LandedReport[];
  /** Transactions that were sent again with higher fees. */
  readonly replaced: readonly string[];
  /** Transactions of this account from an earlier life are pending: nothing else is sent until they had their time. */
  readonly waitsForOwn: boolean;
  readonly inFlight: number;
  readonly resting: number;
  readonly errors: readonly (ErrorDescription & { readonly part: string })[];
}

export interface ActionReport {
  readonly key: string;
  readonly kind: ActionKind;
  readonly action: Action;
  /**
   * `overtaken`: somebody was first. `early`: the contracts do not allow it yet. `postponed`: gas is too dear for what is
   * not urgent.
   */
  readonly outcome: 'sent' | 'overtaken' | 'early' | 'failed' | 'postponed';
  readonly hash: Hex | null;
  readonly error: ErrorDescription | null;
}

export interface LandedReport {
  readonly key: string;
  readonly kind: ActionKind;
  readonly hash: Hex | null;
  readonly outcome: 'success' | 'reverted' | 'replaced';
  readonly gasUsed: bigint;
}

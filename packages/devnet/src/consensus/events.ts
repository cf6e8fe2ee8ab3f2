import type { Pubkey, Root } from '@holdfast/units';
import type { electra, phase0 } from '@lodestar/types';
import type { DutyFailure, DutyType } from '../signing/port.ts';

/**
 * Why a slot has no block: its proposer is offline, slashed, or nobody the devnet knows holds its key; `late`: its
 * validator client published no block in the slot; or its signer did not sign, and how.
 */
export type MissedReason = 'offline' | 'slashed' | 'noKey' | 'late' | DutyFailure;

/** What is going on in a slot: it begins with its proposal, attesters vote at a third, aggregators publish at two. */
export type SlotPhase = 'propose' | 'attest' | 'aggregate';

export interface SlotResult {
  readonly slot: number;
  readonly proposerIndex: number;
  /** Of the slot's block; null when the slot was missed. */
  readonly root: Root | null;
  readonly missed: MissedReason | null;
}

/**
 * What happens on the chain, in the order in which it happens. `kind` is the Beacon API's topic; `missed`, `duty_missed`
 * and `phase` are ours.
 */
export type ChainEvent =
  | { readonly kind: 'block'; readonly slot: number; readonly root: Root }
  | {
      readonly kind: 'head';
      readonly slot: number;
      readonly root: Root;
      readonly stateRoot: Root;
      readonly epochTransition: boolean;
    }
  | {
      readonly kind: 'finalized_checkpoint';
      readonly epoch: number;
      readonly root: Root;
      readonly stateRoot: Root;
    }
  | { readonly kind: 'attester_slashing'; readonly slashing: electra.AttesterSlashing }
  | { readonly kind: 'proposer_slashing'; readonly slashing: phase0.ProposerSlashing }
  | { readonly kind: 'voluntary_exit'; readonly exit: phase0.SignedVoluntaryExit }
  | {
      readonly kind: 'missed';
      readonly slot: number;
      readonly proposerIndex: number;
      readonly reason: MissedReason;
    }
  | {
      readonly kind: 'duty_missed';
      readonly slot: number;
      readonly pubkey: Pubkey;
      readonly duty: DutyType;
      readonly failure: DutyFailure;
      /** In the signer's words, where it gave any. */
      readonly reason: string;
    }
  | { readonly kind: 'phase'; readonly slot: number; readonly phase: SlotPhase };

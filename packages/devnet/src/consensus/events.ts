import type { Root } from '@holdfast/units';
import type { electra, phase0 } from '@lodestar/types';

/** Why a slot has no block. */
export type MissedReason = 'offline' | 'slashed' | 'noKey';

export interface SlotResult {
  readonly slot: number;
  readonly proposerIndex: number;
  /** Of the slot's block; null when the slot was missed. */
  readonly root: Root | null;
  readonly missed: MissedReason | null;
}

/** What happens on the chain, in the order in which it happens. `kind` is the Beacon API's topic, `missed` is ours. */
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
    };

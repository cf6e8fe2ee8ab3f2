import type { AdversaryKind } from './plan.ts';

/**
 * - `agreement`: two honest nodes decided different values.
 * - `validity`: an honest node decided a value that external validity refuses.
 * - `conflict`: an honest node signed two messages that no honest node signs both.
 * - `accountability`: an honest node was accused, or evidence does not hold, or a leader that told honest nodes different
 *   things went unnamed.
 * - `liveness`: an honest node had not decided long after the network healed.
 * - `crash`: the machine threw.
 */
export type CheckName = 'agreement' | 'validity' | 'conflict' | 'accountability' | 'liveness' | 'crash';

export interface Violation {
  readonly check: CheckName;
  readonly detail: string;
}

/** What came of one schedule. */
export interface SimReport {
  readonly seed: number;
  readonly nodes: number;
  readonly adversaries: readonly { readonly node: number; readonly kind: AdversaryKind }[];
  readonly violations: readonly Violation[];
  /** Nodes that evidence named. */
  readonly accused: readonly number[];
  /** Decisions of honest nodes, and the highest round of one. */
  readonly decisions: number;
  readonly roundMax: number;
  readonly messages: number;
  readonly crashes: number;
  readonly virtualMs: number;
  /** A number over all deliveries in order: the same for the same schedule on the same machine. */
  readonly fingerprint: number;
  /** What happened, a line each, where it was asked for. */
  readonly trace: readonly string[];
}

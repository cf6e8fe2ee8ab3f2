import type { Pubkey } from '@holdfast/units';

/** What a cluster agrees on before it signs: one instance of consensus each, a slot. */
export type AgreedDuty = 'proposer' | 'attester' | 'aggregator' | 'syncMessage' | 'syncContribution';

export interface AgreeRequest {
  readonly duty: AgreedDuty;
  readonly slot: number;
  /** This node's own value. May fail: then another's is taken. */
  readonly propose: (signal: AbortSignal) => Promise<Uint8Array>;
  /** Whether this node may vote for a value that another proposed. Throws with the reason when not. */
  readonly check: (value: Uint8Array) => void;
  /** After it, agreeing is of no more use. Milliseconds since 1970. */
  readonly deadlineMs: number;
}

/** Something to sign with a validator's whole key. */
export interface SigningTask {
  /** The validator's, the one the beacon chain knows. */
  readonly pubkey: Pubkey;
  readonly slot: number;
  /** `compute_signing_root`. */
  readonly signingRoot: Uint8Array;
  /** The request of the remote-signing API: what each node's signer checks before it signs with its share. */
  readonly request: { readonly type: string } & Readonly<Record<string, unknown>>;
}

/** The others: how a duty becomes one value and one signature. A validator that is alone has a cluster of one. */
export interface Cluster {
  /** Validators whose key this cluster holds. */
  readonly validators: readonly Pubkey[];
  /** The one value that every honest node gets. */
  agree(request: AgreeRequest, signal: AbortSignal): Promise<Uint8Array>;
  /** The signature of the whole key, verified; in the order of the tasks. Null where it did not come in time. */
  sign(tasks: readonly SigningTask[], deadlineMs: number, signal: AbortSignal): Promise<(Uint8Array | null)[]>;
  /** Nodes whose partial signatures of a task are here and good, by position from 0. */
  signers(task: SigningTask): readonly number[];
}

/** How far a duty came. */
export type DutyStage = 'fetched' | 'agreed' | 'signed' | 'recovered' | 'published' | 'included';

/** For tracing and metrics; must not throw. */
export interface DutyObserver {
  stage(duty: string, slot: number, stage: DutyStage, count: number): void;
  missed(duty: string, slot: number, error: unknown): void;
  /** What later duties are the better for did not come about: they may be done all the same. */
  unprepared(slot: number, error: unknown): void;
}

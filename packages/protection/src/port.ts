import type { Pubkey, Root } from '@holdfast/units';
import type { Interchange } from './interchange/format.ts';

/** A block to sign. `signingRoot` null means unknown: such a record never counts as a repeat. */
export interface BlockDuty {
  readonly kind: 'block';
  readonly pubkey: Pubkey;
  /** uint64. */
  readonly slot: bigint;
  readonly signingRoot: Root | null;
}

/** An attestation to sign. `signingRoot` null means unknown: such a record never counts as a repeat. */
export interface AttestationDuty {
  readonly kind: 'attestation';
  readonly pubkey: Pubkey;
  /** uint64. */
  readonly sourceEpoch: bigint;
  /** uint64. */
  readonly targetEpoch: bigint;
  readonly signingRoot: Root | null;
}

export type Duty = BlockDuty | AttestationDuty;

/** Why a duty was refused. */
export type Rule =
  | 'unknown-key'
  | 'disabled-key'
  | 'high-watermark'
  | 'double-block'
  | 'block-below-watermark'
  | 'source-after-target'
  | 'double-vote'
  | 'surrounding-vote'
  | 'surrounded-vote'
  | 'source-below-watermark'
  | 'target-below-watermark';

/** `repeated`: this very duty, by its signing root, was allowed before and is recorded already. */
export type Verdict =
  | { readonly allowed: true; readonly repeated: boolean }
  | { readonly allowed: false; readonly rule: Rule; readonly message: string };

/** Web3Signer's high watermark: no duty at or above it is allowed for any key. */
export interface HighWatermark {
  readonly epoch: bigint;
  readonly slot: bigint;
}

/**
 * What a key may not go below. Null: nothing was ever signed or imported, so there is no line yet.
 * A block needs a slot above `slot`; an attestation a source of at least `sourceEpoch` and a target above `targetEpoch`.
 */
export interface Watermarks {
  readonly pubkey: Pubkey;
  readonly enabled: boolean;
  readonly slot: bigint | null;
  readonly sourceEpoch: bigint | null;
  readonly targetEpoch: bigint | null;
}

export interface ImportOptions {
  /**
   * What a gap between what is known and the file means (EIP-3076 conditions 2, 4 and 5, which hold for each imported file).
   * - `refuse` (default): the file may have been pruned, so nothing below its own lowest record is signed any more. This is
   *   the condition as it is written, and what makes an import of a stale, or of a minimal, file safe.
   * - `trust`: the file is the complete history, so only what it contains is refused; a key's first import draws its line.
   */
  readonly gaps?: 'refuse' | 'trust';
}

export interface ImportReport {
  readonly keys: number;
  /** Keys that were not known before. They may claim from now on. */
  readonly keysAdded: number;
  /** Records that were new. */
  readonly blocks: number;
  readonly attestations: number;
  /** Records known before, or covered by the watermarks, so that nothing had to be stored. */
  readonly known: number;
}

export interface PruneOptions {
  /** How many epochs below each key's highest target (and highest block) stay. At least 1. */
  readonly epochsToKeep: bigint;
  /** 32 on mainnet. */
  readonly slotsPerEpoch?: bigint;
}

export interface PruneReport {
  readonly blocks: number;
  readonly attestations: number;
}

export interface ExportOptions {
  /** Only these. Default: all, the disabled ones too. */
  readonly pubkeys?: readonly Pubkey[];
  /** One block and one attestation per key, the highest, in place of the history. */
  readonly minimal?: boolean;
}

export interface IntegrityReport {
  /** No problem at all. */
  readonly ok: boolean;
  readonly genesisValidatorsRoot: Root;
  readonly schemaVersion: number;
  readonly keys: number;
  readonly disabledKeys: number;
  readonly blocks: number;
  readonly attestations: number;
  /** What is broken, one sentence each. */
  readonly problems: readonly string[];
  /** Slashable pairs inside, which only an import can have brought; the first 100, one sentence each. */
  readonly slashable: readonly string[];
}

/**
 * The memory of what was signed: the one authority on whether a key may sign a block or an attestation.
 * Two adapters keep it: one SQLite file for one process, and PostgreSQL for several signers that share one truth.
 */
export interface ProtectionStore {
  readonly genesisValidatorsRoot: Root;

  /**
   * Checks a duty against everything that was ever claimed or imported for its key and records it if it is allowed. Resolves
   * only when the record is on disk: check, persist, then sign. Concurrent claims share one commit.
   * Throws a ProtectionError, and allows nothing, when the record could not be written.
   */
  claim(duty: Duty): Promise<Verdict>;

  /** Many claims in one commit, verdicts in order. Earlier duties bind later ones. */
  claimAll(duties: readonly Duty[]): Promise<readonly Verdict[]>;

  /** A key may claim once it is known. Known keys are left as they are, disabled ones disabled. */
  register(pubkeys: readonly Pubkey[]): Promise<void>;

  /** Merges an interchange file (an object, or its JSON text) in one transaction: all of it or nothing. */
  import(interchange: unknown, options?: ImportOptions): Promise<ImportReport>;

  export(options?: ExportOptions): Promise<Interchange>;

  /** Keymanager delete: the keys may no longer claim, and their history is exported, in one transaction. Unknown keys are left out. */
  disable(pubkeys: readonly Pubkey[]): Promise<Interchange>;

  /** Keymanager import of a key that was deleted before: it may claim again, bound by its whole history. Registers unknown keys. */
  enable(pubkeys: readonly Pubkey[]): Promise<void>;

  /** Drops old records and raises the watermarks over them, so that nothing that was refused becomes allowed. */
  prune(options: PruneOptions): Promise<PruneReport>;

  /** Of the keys given, or of all; unknown ones are left out. */
  watermarks(pubkeys?: readonly Pubkey[]): Promise<readonly Watermarks[]>;

  highWatermark(): Promise<HighWatermark | null>;

  /** Sets the ceiling, or lifts it with null. */
  setHighWatermark(highWatermark: HighWatermark | null): Promise<void>;

  /** Reads everything and says what is wrong. Claims wait meanwhile. */
  integrity(): Promise<IntegrityReport>;

  /** Waits for what was asked before, then lets go of the database. */
  close(): Promise<void>;
}

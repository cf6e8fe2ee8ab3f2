import type { Hex, Root } from '@holdfast/units';
import type { AggregateAndProof, ContributionAndProof, ElectraAggregateAndProof } from './schemas.ts';

/** The eth2 signing types of the Web3Signer API (remote-signing-api, `signing/paths/sign.yaml`). */
export const SIGN_TYPES = [
  'BLOCK',
  'BLOCK_V2',
  'ATTESTATION',
  'AGGREGATION_SLOT',
  'AGGREGATE_AND_PROOF',
  'AGGREGATE_AND_PROOF_V2',
  'DEPOSIT',
  'RANDAO_REVEAL',
  'VOLUNTARY_EXIT',
  'SYNC_COMMITTEE_MESSAGE',
  'SYNC_COMMITTEE_SELECTION_PROOF',
  'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF',
  'VALIDATOR_REGISTRATION',
] as const;
export type SignType = (typeof SIGN_TYPES)[number];

/** The forks a versioned request may name, in order. */
export const FORKS = ['phase0', 'altair', 'bellatrix', 'capella', 'deneb', 'electra', 'fulu', 'gloas'] as const;
export type Fork = (typeof FORKS)[number];

/** `fork_info`: the `Fork` of the state that the client sees, and the chain it stands on. */
export interface ForkInfo {
  /** 4 bytes, lower case. */
  readonly previousVersion: Hex;
  readonly currentVersion: Hex;
  /** From this epoch on `currentVersion` holds (consensus-specs, `get_domain`). */
  readonly epoch: bigint;
  readonly genesisValidatorsRoot: Root;
}

export interface Checkpoint {
  readonly epoch: bigint;
  readonly root: Uint8Array;
}

export interface AttestationData {
  readonly slot: bigint;
  readonly index: bigint;
  readonly beaconBlockRoot: Uint8Array;
  readonly source: Checkpoint;
  readonly target: Checkpoint;
}

/** `BeaconBlockHeader`; its root is that of the block with this body root. */
export interface BlockHeader {
  readonly slot: bigint;
  readonly proposerIndex: bigint;
  readonly parentRoot: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly bodyRoot: Uint8Array;
}

/**
 * A Merkle proof of one property of a block's body against `body_root`, as Nimbus' "verifying Web3Signer" extension
 * sends it. Nothing has been verified yet.
 */
export interface PropertyProof {
  /** Generalized index below the body (consensus-specs, `ssz/merkle-proofs.md`). */
  readonly index: bigint;
  /** From the leaf's sibling up. */
  readonly branch: readonly Uint8Array[];
  /** The property's bytes, when the client sent them. */
  readonly value: Uint8Array | null;
}

interface Common<T extends SignType> {
  readonly type: T;
  /** What the client says the signing root is; only ever compared. */
  readonly suppliedRoot: Uint8Array | null;
}

interface Forked<T extends SignType> extends Common<T> {
  readonly fork: ForkInfo;
}

export interface BlockRequest extends Forked<'BLOCK' | 'BLOCK_V2'> {
  readonly version: Fork;
  /** Of full (phase 0 and Altair) blocks too: their body is hashed while parsing. */
  readonly header: BlockHeader;
  readonly proofs: readonly PropertyProof[];
}
export interface AttestationRequest extends Forked<'ATTESTATION'> {
  readonly data: AttestationData;
}
export interface AggregationSlotRequest extends Forked<'AGGREGATION_SLOT'> {
  readonly slot: bigint;
}
export type AggregateRequest = Forked<'AGGREGATE_AND_PROOF' | 'AGGREGATE_AND_PROOF_V2'> &
  (
    | { readonly form: 'phase0'; readonly message: AggregateAndProof }
    | { readonly form: 'electra' | 'gloas'; readonly message: ElectraAggregateAndProof }
  );
export interface DepositRequest extends Common<'DEPOSIT'> {
  readonly pubkey: Uint8Array;
  readonly withdrawalCredentials: Uint8Array;
  /** Gwei. */
  readonly amount: bigint;
  readonly genesisForkVersion: Hex;
}
export interface RandaoRevealRequest extends Forked<'RANDAO_REVEAL'> {
  readonly epoch: bigint;
}
export interface VoluntaryExitRequest extends Forked<'VOLUNTARY_EXIT'> {
  readonly epoch: bigint;
  readonly validatorIndex: bigint;
}
export interface SyncCommitteeMessageRequest extends Forked<'SYNC_COMMITTEE_MESSAGE'> {
  readonly slot: bigint;
  readonly beaconBlockRoot: Uint8Array;
}
export interface SyncSelectionProofRequest extends Forked<'SYNC_COMMITTEE_SELECTION_PROOF'> {
  readonly slot: bigint;
  readonly subcommitteeIndex: bigint;
}
export interface ContributionRequest extends Forked<'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF'> {
  readonly message: ContributionAndProof;
}
export interface ValidatorRegistrationRequest extends Common<'VALIDATOR_REGISTRATION'> {
  readonly feeRecipient: Uint8Array;
  readonly gasLimit: bigint;
  /** Seconds. */
  readonly timestamp: bigint;
  readonly pubkey: Uint8Array;
}

/** A request as it was understood: every number in range, every length right, nothing left over. */
export type SignRequest =
  | BlockRequest
  | AttestationRequest
  | AggregationSlotRequest
  | AggregateRequest
  | DepositRequest
  | RandaoRevealRequest
  | VoluntaryExitRequest
  | SyncCommitteeMessageRequest
  | SyncSelectionProofRequest
  | ContributionRequest
  | ValidatorRegistrationRequest;

/** Whether a signature of this type can be slashed for, so that slashing protection must allow it first. */
export const isSlashable = (request: SignRequest): request is BlockRequest | AttestationRequest =>
  request.type === 'ATTESTATION' || request.type === 'BLOCK' || request.type === 'BLOCK_V2';

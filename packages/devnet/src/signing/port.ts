import type { Hex, Pubkey } from '@holdfast/units';
import { DevnetError } from '../errors.ts';

/** What is signed, as the remote signing API names it (https://github.com/ethereum/remote-signing-api). */
export type DutyType =
  | 'ATTESTATION'
  | 'BLOCK_V2'
  | 'RANDAO_REVEAL'
  | 'AGGREGATION_SLOT'
  | 'AGGREGATE_AND_PROOF_V2'
  | 'SYNC_COMMITTEE_MESSAGE'
  | 'SYNC_COMMITTEE_SELECTION_PROOF'
  | 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF'
  | 'DEPOSIT'
  | 'VOLUNTARY_EXIT';

/** One thing to sign: the object in the API's JSON, from which a signer computes the root itself, and that root. */
export interface DutyRequest {
  readonly type: DutyType;
  /** Absent for what is signed outside of any fork: deposits. */
  readonly forkInfo?: {
    readonly fork: { readonly previousVersion: Hex; readonly currentVersion: Hex; readonly epoch: number };
    readonly genesisValidatorsRoot: Hex;
  };
  /** The members of the request that hold the object, such as `attestation` or `beacon_block`. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly signingRoot: Uint8Array;
}

/** Whoever holds the keys of some validators and signs for them, or does not. */
export interface DutySigner {
  /** For logs: what it is, without secrets. */
  readonly name: string;
  /** A signature that is verified already. Rejects with `DutyFailedError`. */
  sign(pubkey: Pubkey, request: DutyRequest): Promise<Uint8Array>;
}

/**
 * Why a signature did not come: the signer's rules forbid it (`refused`, as slashing protection does), it could not
 * answer now (`unavailable`), it has no such key or does not take such a request (`unable`), or what it gave is no
 * signature of this validator on this root (`badSignature`).
 */
export type DutyFailure = 'refused' | 'unavailable' | 'unable' | 'badSignature';

/** What is known of a signature that did not come. */
export interface DutyFailureDetails {
  readonly signer: string;
  readonly pubkey: Pubkey;
  readonly type: DutyType;
  /** HTTP's, when there was an answer. */
  readonly status?: number;
  /** In the signer's words, or the system's. */
  readonly reason?: string;
}

/** A signer did not sign, so the validator misses this duty. `failure` says which way; `reason` gives its words. */
export class DutyFailedError extends DevnetError {
  readonly failure: DutyFailure;
  readonly duty: DutyType;
  readonly reason: string;

  constructor(failure: DutyFailure, details: DutyFailureDetails, cause?: unknown) {
    super('DEVNET_DUTY_FAILED', `the signer did not sign: ${failure}`, {
      data: { ...details },
      fix: FIX[failure],
      ...(cause === undefined ? {} : { cause }),
    });
    this.failure = failure;
    this.duty = details.type;
    this.reason = details.reason ?? '';
  }
}

const FIX: Readonly<Record<DutyFailure, string>> = {
  refused: 'Nothing, if the refusal is right: it is what protects the validator. Else see the rules of the signer',
  unavailable: 'Start the signer, or give it time: the next duty is asked for again',
  unable: 'Import the key there, or use a signer that knows the chain’s fork',
  badSignature: 'Do not use this signer',
};

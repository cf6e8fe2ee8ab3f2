import type { Hex } from '@holdfast/units';

// The structs that Holdfast's on-chain verifier takes (`contracts/src/beacon/BeaconTypes.sol`), as viem encodes them.

/** Where a fork's state keeps what is proven: generalized indices of the field roots. */
export interface VerifierLayout {
  fromSlot: bigint;
  validators: number;
  balances: number;
  pendingDeposits: number;
  blockRoots: number;
  historicalSummaries: number;
  /** Of `genesis_validators_root`, the witness that the layout fits the state. */
  genesis: number;
  /** Of the list of withdrawals of the state's own block. */
  withdrawals: number;
  /** log2 of MAX_WITHDRAWALS_PER_PAYLOAD. */
  withdrawalsDepth: number;
  progressive: boolean;
}

export interface VerifierHeader {
  slot: bigint;
  proposerIndex: bigint;
  parentRoot: Hex;
  stateRoot: Hex;
  bodyRoot: Hex;
}

/** From the EIP-4788 root at `timestamp` to a state. */
export interface VerifierStateProof {
  timestamp: bigint;
  header: VerifierHeader;
  witness: Hex[];
}

/** From a state back to an older header. */
export interface VerifierHop {
  header: VerifierHeader;
  branch: Hex[];
  summary: number;
  historical: boolean;
}

export interface VerifierValidator {
  pubkeyRoot: Hex;
  withdrawalCredentials: Hex;
  effectiveBalance: bigint;
  slashed: boolean;
  activationEligibilityEpoch: bigint;
  activationEpoch: bigint;
  exitEpoch: bigint;
  withdrawableEpoch: bigint;
}

export interface VerifierValidatorProof {
  index: bigint;
  fields: VerifierValidator;
  branch: Hex[];
}

export interface VerifierBalancesProof {
  chunks: Hex[];
  siblings: Hex[];
  /** The list's length as the 32-byte leaf that is mixed in. */
  length: Hex;
  branch: Hex[];
}

/** The balances list opened once, for many batches. */
export interface VerifierBalancesOpening {
  /** Root of the smallest full subtree that holds all chunks; of a progressive list, the data root. */
  top: Hex;
  length: bigint;
  branch: Hex[];
}

/** Balances under an opening's `top`. */
export interface VerifierBalancesUnder {
  chunks: Hex[];
  siblings: Hex[];
}

export interface VerifierPendingDeposit {
  pubkeyRoot: Hex;
  withdrawalCredentials: Hex;
  amount: bigint;
  signatureRoot: Hex;
  slot: bigint;
}

/** Consecutive pending deposits from `start` on. */
export interface VerifierPendingRun {
  items: VerifierPendingDeposit[];
  start: bigint;
  siblings: Hex[];
  length: bigint;
  branch: Hex[];
}

export interface VerifierWithdrawalProof {
  index: bigint;
  validatorIndex: bigint;
  recipient: Hex;
  amount: bigint;
  position: bigint;
  branch: Hex[];
}

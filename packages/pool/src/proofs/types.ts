/** The structs of contracts/src/beacon/BeaconTypes.sol as viem encodes them, under their Solidity names. */
export type {
  VerifierBalancesOpening as BalancesOpening,
  VerifierBalancesProof as BalancesProof,
  VerifierHeader as HeaderStruct,
  VerifierHop as Hop,
  VerifierLayout as Layout,
  VerifierPendingRun as PendingRun,
  VerifierStateProof as StateProof,
  VerifierValidatorProof as ValidatorProof,
  VerifierWithdrawalProof as WithdrawalProof,
} from '@holdfast/beacon';

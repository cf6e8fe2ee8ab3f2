/**
 * The beacon chain, read and proven: a client for the standard Beacon API that trusts no node, SSZ proofs of any part of
 * a state or block, in general form and as Holdfast's on-chain verifier takes them, and the spec's arithmetic, to the gwei.
 *
 * `client.validatorApi` is what a validator client needs: duties, objects to sign, and where signed ones go.
 *
 * The preset is a fact of the process (`LODESTAR_PRESET=minimal` for a devnet). `client.spec()` says when it is wrong.
 *
 * @example
 * const client = new BeaconClient({ urls: ['http://127.0.0.1:5052'] });
 * const { config } = await client.spec();
 * // `root` is the parent root that EIP-4788 gives at `timestamp`; all that follows is proven by it.
 * const { header, state } = await client.verifiedState(root);
 * const { fields, leaf, gindex, branch } = validatorProof(state, 7);
 * verifyBranch(leaf, gindex, branch, state.root); // true
 * const call = [verifierStateProof(state, header.header, timestamp), verifierBalancesProof(state, [7, 9])];
 * const hop = historicalHop(state, state.slot - 5); // hop.leaf: the root of the latest block at that slot
 *
 * Proofs against a state (`LoadedState`: fork, slot, root, layout, balance(i), value(path), rootAt(gindex)):
 *   loadState(fork, bytes) · new LoadedState(fork, view)
 *   branch(state, gindex) · validatorProof(state, i) · balanceProof(state, i) · pendingDepositProof(state, i)
 *   balancesProof(state, indices) · pendingDepositsProof(state, first, count) · listProof(state, list, chunks)
 *   chunkMultiproof(node, depth, positions) · historicalHop(state, slot, periodBlockRoots?) · headerProof(state | header)
 *   findValidators(state, { withdrawalCredentials?, pubkeys? }) · getTotalActiveBalance(state, epoch) · getTotalSlashed(state)
 * Their verifiers:
 *   verifyBranch(leaf, gindex, branch, root) · verifyMultiproof(leaves, positions, depth, siblings, root)
 *   verifyListProof(proof, stateRoot) · joinedRoot(listLayout, chunks, multiproof)
 */
import './hasher.ts';

export {
  type Checkpoint,
  type FinalityCheckpoints,
  type ForkScheduleEntry,
  type Genesis,
  type HeaderAnswer,
  VALIDATOR_STATUSES,
  type ValidatorAnswer,
  type ValidatorStatus,
} from './client/answers.ts';
export {
  BeaconClient,
  type BeaconClientOptions,
  type BlockAnswer,
  type BlockId,
  type StateId,
  type ValidatorId,
  type VerifiedState,
} from './client/BeaconClient.ts';
export type { BlockToPublish, ProducedBlock } from './client/blocks.ts';
export type { AttesterDuty, Duties, Liveness, ProposerDuty, SyncDuty, SyncingStatus } from './client/duties.ts';
export { type BeaconEvent, EVENT_TOPICS, type EventTopic } from './client/events.ts';
export type { NodeFailure } from './client/Failover.ts';
export { type ClientPorts, systemPorts } from './client/ports.ts';
export type { BeaconSpec } from './client/spec.ts';
export type {
  CallOptions,
  CommitteeSubscription,
  ProduceBlockParameters,
  SyncSubscription,
  ValidatorApi,
} from './client/ValidatorApi.ts';
export {
  BeaconAnswerError,
  BeaconError,
  BeaconForkError,
  BeaconHttpError,
  BeaconLieError,
  BeaconNetworkError,
  BeaconPresetError,
  BeaconProofError,
  BeaconTimeoutError,
  BeaconTooLargeError,
  BeaconUnavailableError,
} from './errors.ts';
export { asStateFork, blockTypeOf, STATE_FORKS, type StateFork, signedBlockTypeOf, stateTypeOf } from './forks.ts';
export {
  chunkGindex,
  type ForkLayout,
  forkLayout,
  HEADER_BODY_ROOT_GINDEX,
  HEADER_STATE_ROOT_GINDEX,
  type ListLayout,
  type ListSubtree,
  pathGindex,
  subtreeOfChunk,
  type VectorLayout,
} from './layout/forkLayout.ts';
export { BALANCES_PER_CHUNK, type BalanceProof, balanceInChunk, balanceProof } from './proofs/balances.ts';
export { type Branch, branch, branchOf } from './proofs/branch.ts';
export { type BeaconBlockHeader, type HeaderProof, headerProof, headerRoot } from './proofs/header.ts';
export { blockRootsOf, type HistoricalHop, historicalHop } from './proofs/historical.ts';
export { joinedMultiproof, joinedRoot } from './proofs/joined.ts';
export {
  balancesProof,
  type ListProof,
  listProof,
  type ProvenList,
  type SubtreeProof,
  verifyListProof,
} from './proofs/list.ts';
export { chunkMultiproof, type Multiproof } from './proofs/multiproof.ts';
export {
  type PendingDeposit,
  type PendingDepositProof,
  type PendingDepositsProof,
  pendingDeposit,
  pendingDepositProof,
  pendingDepositsLength,
  pendingDepositsProof,
} from './proofs/pendingDeposits.ts';
export { type ValidatorFields, type ValidatorProof, validatorFields, validatorProof } from './proofs/validator.ts';
export { branchRoot, hashPair, multiproofRoot, verifyBranch, verifyMultiproof } from './proofs/verify.ts';
export {
  expectedWithdrawalProof,
  stateWithdrawalProof,
  type Withdrawal,
  type WithdrawalProof,
  withdrawalProof,
} from './proofs/withdrawals.ts';
export {
  getMaxEffectiveBalance,
  hasCompoundingWithdrawalCredential,
  hasExecutionWithdrawalCredential,
  isActiveValidator,
  isFullyWithdrawableValidator,
  isPartiallyWithdrawableValidator,
  isSlashableValidator,
  nextEffectiveBalance,
} from './spec/balance.ts';
export {
  type ChurnLimits,
  computeExitEpochAndUpdateChurn,
  computeWithdrawableEpoch,
  type ExitQueue,
  getActivationExitChurnLimit,
  getBalanceChurnLimit,
  getChurnLimits,
  getChurnLimitsGloas,
  getConsolidationChurnLimit,
} from './spec/churn.ts';
export {
  getBaseReward,
  getBaseRewardPerIncrement,
  getFlagPenalty,
  getFlagReward,
  getInactivityPenalty,
  getMissedAttestationPenalty,
  integerSquareroot,
  nextInactivityScore,
  type ParticipationFlag,
} from './spec/rewards.ts';
export {
  getCorrelationPenalty,
  getCorrelationPenaltyEpoch,
  getExpectedSlashingLoss,
  getInitialSlashingPenalty,
  getSlashedWithdrawableEpoch,
  getSlashingLossBound,
  type NetworkStake,
  type SlashedValidator,
  type SlashingLoss,
} from './spec/slashing.ts';
export {
  computeActivationExitEpoch,
  computeEpochAtSlot,
  computeSlotAtTimestamp,
  computeStartSlotAtEpoch,
  computeTimestampAtSlot,
} from './spec/time.ts';
export { LoadedState, loadState, type StateTreeView } from './state/LoadedState.ts';
export {
  findValidators,
  getTotalActiveBalance,
  getTotalSlashed,
  type RegistryEntry,
  type RegistryFilter,
} from './state/registry.ts';
export {
  pubkeyRoot,
  verifierBalancesOpening,
  verifierBalancesProof,
  verifierBalancesUnder,
  verifierHeader,
  verifierHop,
  verifierLayout,
  verifierPendingDeposit,
  verifierPendingRun,
  verifierStateProof,
  verifierValidatorProof,
  verifierWithdrawalProof,
} from './verifier/encode.ts';
export type {
  VerifierBalancesOpening,
  VerifierBalancesProof,
  VerifierBalancesUnder,
  VerifierHeader,
  VerifierHop,
  VerifierLayout,
  VerifierPendingDeposit,
  VerifierPendingRun,
  VerifierStateProof,
  VerifierValidator,
  VerifierValidatorProof,
  VerifierWithdrawalProof,
} from './verifier/structs.ts';

/**
 * A pool from outside: deploy it, read it, prove to it, act on it, check it. Everything goes through the standard
 * JSON-RPC (viem clients) and Beacon API (`BeaconClient`); neither is trusted where a proof can replace trust.
 *
 * @example
 * const facts = await readNetworkFacts({ beaconClient, publicClient });
 * const manifest = await deployPool({ publicClient, walletClient, facts, config: devnetPoolConfig(facts) });
 * const pool = { manifest, publicClient, walletClient };
 * await deposit(pool, { assets: parseEth('32'), receiver: alice });
 *
 * const moment = await provableMoment({ beaconClient, publicClient });
 * await proveCredentials(pool, { ordinal: 1, state: moment.proof, validator: validatorProof(moment.state, index) });
 */

export {
  pubkeyRoot,
  verifierBalancesOpening as balancesOpening,
  verifierBalancesProof as balancesProof,
  verifierHop as hopProof,
  verifierPendingRun as pendingRun,
  verifierStateProof as stateProof,
  verifierValidatorProof as validatorProof,
} from '@holdfast/beacon';
export * from './abis.ts';
export * from './act/claim.ts';
export * from './act/claimFees.ts';
export * from './act/deposit.ts';
export * from './act/finalize.ts';
export * from './act/finishCheckpoint.ts';
export * from './act/fund.ts';
export * from './act/fundReserve.ts';
export * from './act/openCheckpoint.ts';
export { type DecodedRevert, decodeRevert, PoolRevertError } from './act/PoolRevertError.ts';
export * from './act/postBond.ts';
export * from './act/predeposit.ts';
export * from './act/proveBalances.ts';
export * from './act/proveCredentials.ts';
export * from './act/proveExit.ts';
export * from './act/proveRecovery.ts';
export * from './act/proveReference.ts';
export * from './act/proveSlashing.ts';
export * from './act/proveWithdrawn.ts';
export * from './act/register.ts';
export * from './act/requestConsolidation.ts';
export * from './act/requestExit.ts';
export * from './act/requestPartial.ts';
export * from './act/requestWithdrawal.ts';
export * from './act/resolveLanded.ts';
export * from './act/resolvePending.ts';
export { type ActOptions, type ActResult, send, TRANSACTION_GAS_CAP, waitFor } from './act/send.ts';
export * from './act/settle.ts';
export * from './act/startCheckpoint.ts';
export * from './act/takeBond.ts';
export { type ExpectedLossParameters, expectedLossGwei } from './config/expectedLoss.ts';
export type * from './config/PoolConfig.ts';
export { parsePoolConfig, stringifyPoolConfig } from './config/parse.ts';
export { type ConfigFacts, devnetPoolConfig, mainnetPoolConfig } from './config/presets.ts';
export { type ChainClock, type ChainFacts, type NetworkFacts, readNetworkFacts } from './deploy/chainFacts.ts';
export { type DeployPoolParameters, type DeployProgress, deployPool } from './deploy/deployPool.ts';
export { type PoolManifest, parseManifest, stringifyManifest } from './deploy/PoolManifest.ts';
export { PART_CODE, PART_NAMES, type PartName, type PoolAddresses } from './deploy/parts.ts';
export { type PlannedPart, type PoolPlan, planPool } from './deploy/planPool.ts';
export * from './errors.ts';
export type { Pool } from './Pool.ts';
export * from './proofs/balances.ts';
export { compoundingCredentials, type DepositDataFields, depositDataRoot } from './proofs/hash.ts';
export * from './proofs/hop.ts';
export { type ForkStart, layoutsOf } from './proofs/layouts.ts';
export * from './proofs/moment.ts';
export * from './proofs/pendingRun.ts';
export type * from './proofs/types.ts';
export * from './proofs/withdrawal.ts';
export { ABIS } from './read/at.ts';
export { type EventPlace, type PoolEvent, poolEvents } from './read/poolEvents.ts';
export { readPool } from './read/readPool.ts';
export type * from './read/snapshot.ts';
export { isLive, VALIDATOR_STATES, type ValidatorState } from './read/status.ts';
export type { BackingReport, BackingRow } from './verify/report.ts';
export { type VerifyBackingParameters, verifyBacking } from './verify/verifyBacking.ts';

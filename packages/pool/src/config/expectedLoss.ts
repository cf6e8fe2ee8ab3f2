import { getBaseRewardPerIncrement } from '@holdfast/beacon';

const INCREMENT_GWEI = 1_000_000_000n;
/** consensus-specs MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA and PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX. */
const INITIAL_QUOTIENT = 4096n;
const CORRELATION_MULTIPLIER = 3n;
/** TIMELY_SOURCE_WEIGHT + TIMELY_TARGET_WEIGHT, of WEIGHT_DENOMINATOR. */
const MISSED_WEIGHT = 14n + 26n;
const WEIGHT_DENOMINATOR = 64n;

export interface ExpectedLossParameters {
  /** Effective balance of the slashed validator, in gwei. */
  readonly balanceGwei: bigint;
  /** Effective balances slashed with it (its own included), in gwei. */
  readonly slashedGwei: bigint;
  readonly totalActiveGwei: bigint;
  readonly slashingsVectorEpochs: bigint;
}

/**
 * What the pool expects a slashed validator to lose, in gwei, rounded as `SlashingEnforcer.expectedLoss` rounds (which
 * says where each term comes from). The beacon chain's own figure is `getSlashingLossBound` of @holdfast/beacon.
 */
export function expectedLossGwei(parameters: ExpectedLossParameters): bigint {
  const { balanceGwei: balance, slashedGwei, totalActiveGwei: total, slashingsVectorEpochs } = parameters;
  const tripled = CORRELATION_MULTIPLIER * slashedGwei;
  const correlated = tripled < total ? tripled : total;
  const baseReward = (balance / INCREMENT_GWEI) * getBaseRewardPerIncrement(total);
  const missed = ((baseReward * MISSED_WEIGHT) / WEIGHT_DENOMINATOR) * slashingsVectorEpochs;
  const loss = balance / INITIAL_QUOTIENT + (balance * correlated) / total + missed;
  return loss < balance ? loss : balance;
}

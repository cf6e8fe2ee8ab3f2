import { type Epoch, epoch } from '@holdfast/units';
import {
  EFFECTIVE_BALANCE_INCREMENT,
  EPOCHS_PER_SLASHINGS_VECTOR,
  MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA,
  PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX,
} from '@lodestar/params';
import { nextEffectiveBalance } from './balance.ts';
import { min } from './bigint.ts';
import { getMissedAttestationPenalty } from './rewards.ts';

const INCREMENT = BigInt(EFFECTIVE_BALANCE_INCREMENT);

/** electra `slash_validator`: taken at once, effective balance / 4096. */
export const getInitialSlashingPenalty = (effectiveBalance: bigint): bigint =>
  effectiveBalance / BigInt(MIN_SLASHING_PENALTY_QUOTIENT_ELECTRA);

/**
 * electra `process_slashings`: the correlation penalty, taken half a slashings vector (18 days) before the validator is
 * withdrawable. Electra rounds once, per increment, so that equal stake loses equally however it is split:
 * ⌊min(3·S, T) / (T / 1 ETH)⌋ for each ETH of effective balance.
 *
 * @param totalSlashed S: the sum of the state's `slashings`, gwei slashed within the vector's window
 * @param totalActiveBalance T, in gwei
 */
export function getCorrelationPenalty(
  effectiveBalance: bigint,
  totalSlashed: bigint,
  totalActiveBalance: bigint,
): bigint {
  const multiplied = totalSlashed * BigInt(PROPORTIONAL_SLASHING_MULTIPLIER_BELLATRIX);
  const adjusted = min(multiplied, totalActiveBalance);
  const perIncrement = adjusted / (totalActiveBalance / INCREMENT);
  return perIncrement * (effectiveBalance / INCREMENT);
}

/** phase0 `slash_validator`: a slashed validator waits at least a whole slashings vector (8192 epochs). */
export const getSlashedWithdrawableEpoch = (slashedEpoch: number, exitWithdrawableEpoch: number): Epoch =>
  epoch(Math.max(exitWithdrawableEpoch, slashedEpoch + EPOCHS_PER_SLASHINGS_VECTOR));

/** The epoch at whose end `process_slashings` takes the correlation penalty. */
export const getCorrelationPenaltyEpoch = (withdrawableEpoch: number): Epoch =>
  epoch(withdrawableEpoch - Math.floor(EPOCHS_PER_SLASHINGS_VECTOR / 2));

export interface SlashedValidator {
  /** In gwei, at the moment of the slashing. */
  readonly balance: bigint;
  readonly effectiveBalance: bigint;
  readonly maxEffectiveBalance: bigint;
  readonly slashedEpoch: number;
  readonly withdrawableEpoch: number;
}

export interface NetworkStake {
  /** T, in gwei; taken as constant. */
  readonly totalActiveBalance: bigint;
  /** S at the time of the correlation penalty, this validator's own stake included, in gwei. */
  readonly totalSlashed: bigint;
}

/** A slashed validator's losses in gwei, by their cause. */
export interface SlashingLoss {
  readonly initial: bigint;
  readonly correlation: bigint;
  readonly attestation: bigint;
  readonly total: bigint;
}

/**
 * What a slashing costs until the validator is withdrawable, followed epoch by epoch with the effective balance as it
 * sinks, exact to the gwei while its assumptions hold: constant T and S, finality (no inactivity leak), no seat in a
 * sync committee, no deposit or withdrawal meanwhile.
 */
export function getExpectedSlashingLoss(validator: SlashedValidator, network: NetworkStake): SlashingLoss {
  const { totalActiveBalance, totalSlashed } = network;
  const correlationEpoch = getCorrelationPenaltyEpoch(validator.withdrawableEpoch);
  let { balance, effectiveBalance } = validator;
  const take = (penalty: bigint): bigint => {
    const taken = min(penalty, balance);
    balance -= taken;
    return taken;
  };
  const initial = take(getInitialSlashingPenalty(effectiveBalance));
  let correlation = 0n;
  let attestation = 0n;
  for (let current = validator.slashedEpoch; current < validator.withdrawableEpoch; current += 1) {
    attestation += take(getMissedAttestationPenalty(effectiveBalance, totalActiveBalance));
    if (current === correlationEpoch) {
      correlation = take(getCorrelationPenalty(effectiveBalance, totalSlashed, totalActiveBalance));
    }
    effectiveBalance = nextEffectiveBalance(effectiveBalance, balance, validator.maxEffectiveBalance);
  }
  return { initial, correlation, attestation, total: initial + correlation + attestation };
}

/**
 * The same loss in closed form, as if the effective balance never sank: never below `getExpectedSlashingLoss`, so it
 * suits a provision. No more than the balance.
 */
export function getSlashingLossBound(validator: SlashedValidator, network: NetworkStake): SlashingLoss {
  const { effectiveBalance } = validator;
  const epochs = BigInt(validator.withdrawableEpoch - validator.slashedEpoch);
  const initial = getInitialSlashingPenalty(effectiveBalance);
  const correlation = getCorrelationPenalty(effectiveBalance, network.totalSlashed, network.totalActiveBalance);
  const attestation = getMissedAttestationPenalty(effectiveBalance, network.totalActiveBalance) * epochs;
  const sum = initial + correlation + attestation;
  return { initial, correlation, attestation, total: min(sum, validator.balance) };
}

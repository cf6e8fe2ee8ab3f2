import type { Root } from '@holdfast/units';
import {
  COMPOUNDING_WITHDRAWAL_PREFIX,
  EFFECTIVE_BALANCE_INCREMENT,
  ETH1_ADDRESS_WITHDRAWAL_PREFIX,
  HYSTERESIS_DOWNWARD_MULTIPLIER,
  HYSTERESIS_QUOTIENT,
  HYSTERESIS_UPWARD_MULTIPLIER,
  MAX_EFFECTIVE_BALANCE_ELECTRA,
  MIN_ACTIVATION_BALANCE,
} from '@lodestar/params';
import type { ValidatorFields } from '../proofs/validator.ts';
import { min } from './bigint.ts';

const INCREMENT = BigInt(EFFECTIVE_BALANCE_INCREMENT);
const STEP = INCREMENT / BigInt(HYSTERESIS_QUOTIENT);
const DOWNWARD_THRESHOLD = STEP * BigInt(HYSTERESIS_DOWNWARD_MULTIPLIER);
const UPWARD_THRESHOLD = STEP * BigInt(HYSTERESIS_UPWARD_MULTIPLIER);

const prefixOf = (credentials: Root): number => Number.parseInt(credentials.slice(2, 4), 16);

/** electra `has_compounding_withdrawal_credential`: `0x02`. */
export const hasCompoundingWithdrawalCredential = (credentials: Root): boolean =>
  prefixOf(credentials) === COMPOUNDING_WITHDRAWAL_PREFIX;

/** electra `has_execution_withdrawal_credential`: `0x01` or `0x02`. */
export const hasExecutionWithdrawalCredential = (credentials: Root): boolean =>
  prefixOf(credentials) === ETH1_ADDRESS_WITHDRAWAL_PREFIX || hasCompoundingWithdrawalCredential(credentials);

/** electra `get_max_effective_balance`, in gwei: 2048 ETH when compounding, else 32. */
export const getMaxEffectiveBalance = (credentials: Root): bigint =>
  BigInt(hasCompoundingWithdrawalCredential(credentials) ? MAX_EFFECTIVE_BALANCE_ELECTRA : MIN_ACTIVATION_BALANCE);

/** electra `process_effective_balance_updates`, for one validator: follows the balance with hysteresis. */
export function nextEffectiveBalance(effectiveBalance: bigint, balance: bigint, maxEffectiveBalance: bigint): bigint {
  const moves = balance + DOWNWARD_THRESHOLD < effectiveBalance || effectiveBalance + UPWARD_THRESHOLD < balance;
  if (!moves) return effectiveBalance;
  const whole = balance - (balance % INCREMENT);
  return min(whole, maxEffectiveBalance);
}

/** phase0 `is_active_validator`. */
export const isActiveValidator = (
  validator: Pick<ValidatorFields, 'activationEpoch' | 'exitEpoch'>,
  epoch: number,
): boolean => validator.activationEpoch <= epoch && epoch < validator.exitEpoch;

/** phase0 `is_slashable_validator`. */
export const isSlashableValidator = (
  validator: Pick<ValidatorFields, 'slashed' | 'activationEpoch' | 'withdrawableEpoch'>,
  epoch: number,
): boolean => !validator.slashed && validator.activationEpoch <= epoch && epoch < validator.withdrawableEpoch;

/** electra `is_fully_withdrawable_validator`: the next sweep takes the whole balance. */
export const isFullyWithdrawableValidator = (
  validator: Pick<ValidatorFields, 'withdrawalCredentials' | 'withdrawableEpoch'>,
  balance: bigint,
  epoch: number,
): boolean =>
  hasExecutionWithdrawalCredential(validator.withdrawalCredentials) &&
  validator.withdrawableEpoch <= epoch &&
  balance > 0n;

/** electra `is_partially_withdrawable_validator`: the next sweep takes what is above the maximum. */
export function isPartiallyWithdrawableValidator(
  validator: Pick<ValidatorFields, 'withdrawalCredentials' | 'effectiveBalance'>,
  balance: bigint,
): boolean {
  const maxEffectiveBalance = getMaxEffectiveBalance(validator.withdrawalCredentials);
  return (
    hasExecutionWithdrawalCredential(validator.withdrawalCredentials) &&
    validator.effectiveBalance === maxEffectiveBalance &&
    balance > maxEffectiveBalance
  );
}

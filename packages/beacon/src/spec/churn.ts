import { type Epoch, epoch } from '@holdfast/units';
import type { ChainConfig } from '@lodestar/config';
import { EFFECTIVE_BALANCE_INCREMENT } from '@lodestar/params';
import { max, min } from './bigint.ts';
import { computeActivationExitEpoch } from './time.ts';

const INCREMENT = BigInt(EFFECTIVE_BALANCE_INCREMENT);

type ElectraChurnConfig = Pick<
  ChainConfig,
  'CHURN_LIMIT_QUOTIENT' | 'MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA' | 'MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT'
>;

type GloasChurnConfig = Pick<
  ChainConfig,
  | 'CHURN_LIMIT_QUOTIENT_GLOAS'
  | 'MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA'
  | 'MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS'
  | 'CONSOLIDATION_CHURN_LIMIT_QUOTIENT'
>;

/** Gwei per epoch that may exit, activate and consolidate. */
export interface ChurnLimits {
  readonly exit: bigint;
  readonly activation: bigint;
  readonly consolidation: bigint;
}

/** Whole increments only: churn is counted in them. */
function limit(totalActiveBalance: bigint, quotient: number, floor: number): bigint {
  const churn = max(totalActiveBalance / BigInt(quotient), BigInt(floor));
  return churn - (churn % INCREMENT);
}

/** electra `get_balance_churn_limit`. */
export const getBalanceChurnLimit = (totalActiveBalance: bigint, config: ElectraChurnConfig): bigint =>
  limit(totalActiveBalance, config.CHURN_LIMIT_QUOTIENT, config.MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA);

/** electra `get_activation_exit_churn_limit`. */
export const getActivationExitChurnLimit = (totalActiveBalance: bigint, config: ElectraChurnConfig): bigint =>
  min(BigInt(config.MAX_PER_EPOCH_ACTIVATION_EXIT_CHURN_LIMIT), getBalanceChurnLimit(totalActiveBalance, config));

/** electra `get_consolidation_churn_limit`: what the other two leave. */
export const getConsolidationChurnLimit = (totalActiveBalance: bigint, config: ElectraChurnConfig): bigint =>
  getBalanceChurnLimit(totalActiveBalance, config) - getActivationExitChurnLimit(totalActiveBalance, config);

/** The three limits of Electra and Fulu. */
export function getChurnLimits(totalActiveBalance: bigint, config: ElectraChurnConfig): ChurnLimits {
  const exit = getActivationExitChurnLimit(totalActiveBalance, config);
  return { exit, activation: exit, consolidation: getConsolidationChurnLimit(totalActiveBalance, config) };
}

/** gloas `get_exit_churn_limit`, `get_activation_churn_limit` and `get_consolidation_churn_limit`, each on its own. */
export function getChurnLimitsGloas(totalActiveBalance: bigint, config: GloasChurnConfig): ChurnLimits {
  const exit = limit(totalActiveBalance, config.CHURN_LIMIT_QUOTIENT_GLOAS, config.MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA);
  return {
    exit,
    activation: min(BigInt(config.MAX_PER_EPOCH_ACTIVATION_CHURN_LIMIT_GLOAS), exit),
    consolidation: limit(totalActiveBalance, config.CONSOLIDATION_CHURN_LIMIT_QUOTIENT, 0),
  };
}

/** The state's account of the exit queue: `earliest_exit_epoch` and what of its churn is left, in gwei. */
export interface ExitQueue {
  readonly earliestExitEpoch: number;
  readonly exitBalanceToConsume: bigint;
}

/**
 * electra `compute_exit_epoch_and_update_churn`: puts `exitBalance` at the end of the queue. The returned queue's
 * `earliestExitEpoch` is the exit epoch of that balance.
 *
 * @param perEpochChurn the exit limit of `getChurnLimits`
 */
export function computeExitEpochAndUpdateChurn(
  queue: ExitQueue,
  exitBalance: bigint,
  currentEpoch: number,
  perEpochChurn: bigint,
): ExitQueue {
  let earliestExitEpoch = Math.max(queue.earliestExitEpoch, computeActivationExitEpoch(currentEpoch));
  let exitBalanceToConsume = queue.earliestExitEpoch < earliestExitEpoch ? perEpochChurn : queue.exitBalanceToConsume;
  if (exitBalance > exitBalanceToConsume) {
    const additionalEpochs = (exitBalance - exitBalanceToConsume - 1n) / perEpochChurn + 1n;
    earliestExitEpoch += Number(additionalEpochs);
    exitBalanceToConsume += additionalEpochs * perEpochChurn;
  }
  return { earliestExitEpoch, exitBalanceToConsume: exitBalanceToConsume - exitBalance };
}

/** electra `initiate_validator_exit`: when a balance that exits at `exitEpoch` can be swept. */
export const computeWithdrawableEpoch = (
  exitEpoch: number,
  config: Pick<ChainConfig, 'MIN_VALIDATOR_WITHDRAWABILITY_DELAY'>,
): Epoch => epoch(exitEpoch + config.MIN_VALIDATOR_WITHDRAWABILITY_DELAY);

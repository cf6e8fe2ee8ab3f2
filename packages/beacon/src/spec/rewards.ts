import type { ChainConfig } from '@lodestar/config';
import {
  BASE_REWARD_FACTOR,
  EFFECTIVE_BALANCE_INCREMENT,
  INACTIVITY_PENALTY_QUOTIENT_BELLATRIX,
  TIMELY_HEAD_WEIGHT,
  TIMELY_SOURCE_WEIGHT,
  TIMELY_TARGET_WEIGHT,
  WEIGHT_DENOMINATOR,
} from '@lodestar/params';
import { max } from './bigint.ts';

/** The three things an attestation can be timely about. */
export type ParticipationFlag = 'source' | 'target' | 'head';

const INCREMENT = BigInt(EFFECTIVE_BALANCE_INCREMENT);
const DENOMINATOR = BigInt(WEIGHT_DENOMINATOR);
const FLAG_WEIGHTS: Readonly<Record<ParticipationFlag, bigint>> = {
  source: BigInt(TIMELY_SOURCE_WEIGHT),
  target: BigInt(TIMELY_TARGET_WEIGHT),
  head: BigInt(TIMELY_HEAD_WEIGHT),
};

/** phase0 `integer_squareroot`: the largest x with x² ≤ n. */
export function integerSquareroot(n: bigint): bigint {
  let x = n;
  let y = (x + 1n) / 2n;
  while (y < x) {
    x = y;
    y = (x + n / x) / 2n;
  }
  return x;
}

/** altair `get_base_reward_per_increment`, in gwei per epoch for each ETH of effective balance. */
export const getBaseRewardPerIncrement = (totalActiveBalance: bigint): bigint =>
  (INCREMENT * BigInt(BASE_REWARD_FACTOR)) / integerSquareroot(totalActiveBalance);

/** altair `get_base_reward`, in gwei per epoch. */
export const getBaseReward = (effectiveBalance: bigint, totalActiveBalance: bigint): bigint =>
  (effectiveBalance / INCREMENT) * getBaseRewardPerIncrement(totalActiveBalance);

/**
 * altair `get_flag_index_deltas`, the reward side: what a timely vote earns an unslashed validator when
 * `participatingBalance` of `totalActiveBalance` was timely too. Nothing during an inactivity leak.
 */
export function getFlagReward(
  flag: ParticipationFlag,
  effectiveBalance: bigint,
  participatingBalance: bigint,
  totalActiveBalance: bigint,
): bigint {
  const numerator =
    getBaseReward(effectiveBalance, totalActiveBalance) * FLAG_WEIGHTS[flag] * (participatingBalance / INCREMENT);
  return numerator / ((totalActiveBalance / INCREMENT) * DENOMINATOR);
}

/**
 * altair `get_flag_index_deltas`, the penalty side: what a missed (or slashed) vote costs. A missed head costs nothing.
 */
export function getFlagPenalty(flag: ParticipationFlag, effectiveBalance: bigint, totalActiveBalance: bigint): bigint {
  if (flag === 'head') return 0n;
  return (getBaseReward(effectiveBalance, totalActiveBalance) * FLAG_WEIGHTS[flag]) / DENOMINATOR;
}

/** What an epoch without an attestation costs, a leak apart: (14 + 26)/64 of the base reward, each part rounded down. */
export const getMissedAttestationPenalty = (effectiveBalance: bigint, totalActiveBalance: bigint): bigint =>
  getFlagPenalty('source', effectiveBalance, totalActiveBalance) +
  getFlagPenalty('target', effectiveBalance, totalActiveBalance);

/**
 * bellatrix `get_inactivity_penalty_deltas`: what an epoch without a timely target costs at this inactivity score,
 * on top of the missed attestation. The score is the one after this epoch's `process_inactivity_updates`.
 */
export const getInactivityPenalty = (
  effectiveBalance: bigint,
  inactivityScore: bigint,
  config: Pick<ChainConfig, 'INACTIVITY_SCORE_BIAS'>,
): bigint =>
  (effectiveBalance * inactivityScore) /
  (BigInt(config.INACTIVITY_SCORE_BIAS) * BigInt(INACTIVITY_PENALTY_QUOTIENT_BELLATRIX));

/** altair `process_inactivity_updates`, for one eligible validator. A slashed one never has a timely target. */
export function nextInactivityScore(
  score: bigint,
  timelyTarget: boolean,
  isInInactivityLeak: boolean,
  config: Pick<ChainConfig, 'INACTIVITY_SCORE_BIAS' | 'INACTIVITY_SCORE_RECOVERY_RATE'>,
): bigint {
  const moved = timelyTarget ? max(score - 1n, 0n) : score + BigInt(config.INACTIVITY_SCORE_BIAS);
  return isInInactivityLeak ? moved : max(moved - BigInt(config.INACTIVITY_SCORE_RECOVERY_RATE), 0n);
}

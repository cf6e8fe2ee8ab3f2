import type { SlashingSnapshot } from '../read/snapshot.ts';

/**
 * What a slashed validator is worth to the pool, in gwei: the same formula as `SlashingEnforcer.valueOf`, written again
 * so that the contract's own answer is not needed.
 */
export function slashedValueGwei(slashing: SlashingSnapshot, balanceGwei: bigint, epoch: number): bigint {
  let worth = slashing.referenceGwei + slashing.landedGwei;
  let here = balanceGwei;
  if (epoch < slashing.withdrawableEpoch) {
    if (here > worth) worth = here;
    const remains = atLeastZero(worth - slashing.expectedGwei);
    if (here > remains) here = remains;
  } else if (slashing.recoveredGwei === 0n && here * 2n < worth) {
    return here;
  }
  const missing = atLeastZero(worth - here - slashing.recoveredGwei);
  return here + (missing < slashing.coverGwei ? missing : slashing.coverGwei);
}

const atLeastZero = (value: bigint): bigint => (value > 0n ? value : 0n);

import type { PoolSnapshot, ValidatorSnapshot } from '@holdfast/pool';
import type { Backing } from '../../shared/state.ts';
import type { History } from './history.ts';

const ONE = 10n ** 18n;
const GWEI = 10n ** 9n;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const atLeastZero = (value: bigint): bigint => (value > 0n ? value : 0n);

export interface BackingFacts {
  readonly history: History;
  readonly snapshot: PoolSnapshot;
  readonly timeOfSlot: (slot: number) => number;
}

/**
 * Formula: total = NAV of the last checkpoint + deposits + predeposits − claims − losses since its frozen moment
 * (Vault.report counts the same flows). The parts move with them: a stake moves cash into flight, a bond's payment
 * moves cover into cash. Request fees beyond the reserve are the one flow without an event of its own; the next
 * checkpoint brings them in.
 */
export function backingOf({ history, snapshot, timeOfSlot }: BackingFacts): Backing {
  const { vault, queue, rate, totalAssets, validators } = snapshot;
  const last = history.checkpoints.at(-1);
  const parts = last ? provenParts(history) : unprovenParts(history, snapshot);
  const owedQueued = (queue.queuedShares * rate.current) / ONE;
  const total = parts.vaultCash + parts.validators + parts.inFlight + parts.bondCover;
  const provisions = validators.reduce((sum, { slashing }) => sum + (slashing?.expectedGwei ?? 0n), 0n) * GWEI;
  const texts = {
    total,
    ...parts,
    owed: totalAssets,
    owedQueued,
    owedHeld: atLeastZero(totalAssets - owedQueued),
    dripping: atLeastZero(total - totalAssets),
    provisions,
    setAside: queue.balance,
    notShares: vault.reserve + vault.feesOwed,
  };
  return {
    ...(Object.fromEntries(Object.entries(texts).map(([name, wei]) => [name, wei.toString()])) as {
      [Name in keyof typeof texts]: string;
    }),
    proof: last ? { slot: last.slot, provenAt: timeOfSlot(last.slot), block: last.block, tx: last.tx } : null,
  };
}

interface Parts {
  readonly vaultCash: bigint;
  readonly validators: bigint;
  readonly inFlight: bigint;
  readonly bondCover: bigint;
}

function provenParts(history: History): Parts {
  const { since } = history;
  const { nav, outside } = history.checkpoints.at(-1)!;
  const outsideWei = BigInt(outside);
  const provenInFlight = history.provenInFlightGwei * GWEI;
  const provenCover = history.provenCoverGwei * GWEI;
  const paidOfCover = least(provenCover, since.compensated);
  return {
    vaultCash: BigInt(nav) - outsideWei + since.deposits - since.claims - since.staked + since.compensated,
    validators: atLeastZero(
      outsideWei - provenInFlight - provenCover + since.predeposits - since.losses - (since.compensated - paidOfCover),
    ),
    inFlight: provenInFlight + since.staked,
    bondCover: provenCover - paidOfCover,
  };
}

/** Before the first checkpoint there is only what the contracts themselves hold and sent. */
function unprovenParts(history: History, { vault }: PoolSnapshot): Parts {
  const inFlight = [...history.inFlight.values()].reduce((sum, gwei) => sum + gwei, 0n) * GWEI;
  return { vaultCash: vault.freeCash, validators: history.since.predeposits, inFlight, bondCover: 0n };
}

/** What bonds stand for in the sum of the checkpoint that counted these validators, in gwei. */
export const coverOfAll = (validators: readonly ValidatorSnapshot[], slotsPerEpoch: number): bigint =>
  validators.reduce((sum, each) => sum + coverOf(each, slotsPerEpoch), 0n);

/** SlashingEnforcer.valueOf: the bond's part in the value of a slashed validator, in gwei. */
function coverOf({ slashing, balanceGwei, balanceSlot }: ValidatorSnapshot, slotsPerEpoch: number): bigint {
  if (slashing === null) return 0n;
  const worth = slashing.referenceGwei + slashing.landedGwei;
  let here = balanceGwei;
  if (Math.floor(balanceSlot / slotsPerEpoch) < slashing.withdrawableEpoch) {
    here = least(here, atLeastZero(worth - slashing.expectedGwei));
  } else if (slashing.recoveredGwei === 0n && here * 2n < worth) {
    return 0n;
  }
  return least(atLeastZero(worth - here - slashing.recoveredGwei), slashing.coverGwei);
}

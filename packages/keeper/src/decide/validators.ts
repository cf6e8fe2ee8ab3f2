import { FAR_FUTURE_EPOCH } from '@holdfast/units';
import type { BeaconValidator, Observation, ValidatorRecord } from './observation.ts';

/** Counted by checkpoints: Funded, Exiting or Slashed. */
export const isLive = ({ status }: ValidatorRecord): boolean =>
  status === 'funded' || status === 'exiting' || status === 'slashed';

/** The validator in the beacon state, if it is there and the beacon chain could be read. */
export const onBeacon = (observation: Observation, { ordinal }: ValidatorRecord): BeaconValidator | undefined =>
  observation.beacon?.validators.get(ordinal);

export const isExiting = ({ exitEpoch }: BeaconValidator): boolean => exitEpoch !== FAR_FUTURE_EPOCH;

/** The epoch of the beacon facts. */
export const provenEpoch = ({ beacon, rules }: Observation): bigint =>
  beacon === null ? 0n : BigInt(Math.floor(beacon.slot / rules.slotsPerEpoch));

/** Withdrawable, and its whole balance swept. */
export const isGone = (observation: Observation, validator: BeaconValidator): boolean =>
  validator.withdrawableEpoch <= provenEpoch(observation) && validator.balanceGwei === 0n;

/** Whether the checkpoint in progress counts this validator and has not done so yet (`BalanceCheckpoint._count`). */
export function awaitsCount({ pool: { checkpoint } }: Observation, record: ValidatorRecord): boolean {
  if (checkpoint.phase === 'idle' || !isLive(record)) return false;
  const fundedAfterStart = record.balanceSlot === 0 && record.depositSlot > checkpoint.startSlot;
  const counted = checkpoint.phase === 'opened' && record.balanceSlot === checkpoint.slot;
  return !fundedAfterStart && !counted;
}

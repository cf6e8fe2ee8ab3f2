import { type Epoch, epoch, type Slot, slot } from '@holdfast/units';
import type { ChainConfig } from '@lodestar/config';
import { MAX_SEED_LOOKAHEAD, SLOTS_PER_EPOCH } from '@lodestar/params';

/** phase0 `compute_epoch_at_slot`. */
export const computeEpochAtSlot = (atSlot: number): Epoch => epoch(Math.floor(atSlot / SLOTS_PER_EPOCH));

/** phase0 `compute_start_slot_at_epoch`. */
export const computeStartSlotAtEpoch = (atEpoch: number): Slot => slot(atEpoch * SLOTS_PER_EPOCH);

/** phase0 `compute_activation_exit_epoch`: when an activation or exit set in motion in `atEpoch` takes effect at the earliest. */
export const computeActivationExitEpoch = (atEpoch: number): Epoch => epoch(atEpoch + 1 + MAX_SEED_LOOKAHEAD);

/** bellatrix `compute_timestamp_at_slot`: seconds since 1970, the timestamp of the slot's execution block. */
export const computeTimestampAtSlot = (
  genesisTime: number,
  atSlot: number,
  config: Pick<ChainConfig, 'SECONDS_PER_SLOT'>,
): number => genesisTime + atSlot * config.SECONDS_PER_SLOT;

/** The slot that a moment (seconds since 1970) falls into. Negative before genesis. */
export const computeSlotAtTimestamp = (
  genesisTime: number,
  timestamp: number,
  config: Pick<ChainConfig, 'SECONDS_PER_SLOT'>,
): Slot => slot(Math.floor((timestamp - genesisTime) / config.SECONDS_PER_SLOT));

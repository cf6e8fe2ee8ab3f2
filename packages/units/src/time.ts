import type { Brand } from './brand.ts';

/** A 12-second (on mainnet) period in which one block may be proposed. */
export type Slot = Brand<number, 'Slot'>;
/** `SLOTS_PER_EPOCH` slots. */
export type Epoch = Brand<number, 'Epoch'>;
/** A position in the beacon state's registry. */
export type ValidatorIndex = Brand<number, 'ValidatorIndex'>;

export const slot = (value: number): Slot => value as Slot;
export const epoch = (value: number): Epoch => value as Epoch;
export const validatorIndex = (value: number): ValidatorIndex => value as ValidatorIndex;

/** 2⁶⁴ − 1, "never" in a validator's epochs (consensus-specs, `FAR_FUTURE_EPOCH`). */
export const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;

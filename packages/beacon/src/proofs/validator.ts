import { FAR_FUTURE_EPOCH, type Pubkey, type Root, toHex } from '@holdfast/units';
import { chunkGindex } from '../layout/forkLayout.ts';
import { type LoadedState, requireIndex } from '../state/LoadedState.ts';
import { type Branch, branch } from './branch.ts';

/** consensus-specs `Validator`. Amounts in gwei; "never" in an epoch is 2⁶⁴ − 1. */
export interface ValidatorFields {
  readonly pubkey: Pubkey;
  readonly withdrawalCredentials: Root;
  readonly effectiveBalance: bigint;
  readonly slashed: boolean;
  readonly activationEligibilityEpoch: bigint;
  readonly activationEpoch: bigint;
  readonly exitEpoch: bigint;
  readonly withdrawableEpoch: bigint;
}

export interface ValidatorProof extends Branch {
  readonly index: number;
  readonly fields: ValidatorFields;
}

/** The eight fields of `validators[index]`, whose hash is the leaf of its proof. */
export function validatorFields(state: LoadedState, index: number): ValidatorFields {
  requireIndex('validators', index, state.lengthOf(state.layout.validators));
  return asValidatorFields(state.value(['validators', index]) as RawValidator);
}

/** A `Validator` as @lodestar/types represents it. */
export interface RawValidator {
  readonly pubkey: Uint8Array;
  readonly withdrawalCredentials: Uint8Array;
  readonly effectiveBalance: number;
  readonly slashed: boolean;
  readonly activationEligibilityEpoch: number;
  readonly activationEpoch: number;
  readonly exitEpoch: number;
  readonly withdrawableEpoch: number;
}

export function asValidatorFields(validator: RawValidator): ValidatorFields {
  return {
    pubkey: toHex(validator.pubkey) as Pubkey,
    withdrawalCredentials: toHex(validator.withdrawalCredentials) as Root,
    effectiveBalance: BigInt(validator.effectiveBalance),
    slashed: validator.slashed,
    activationEligibilityEpoch: fieldEpoch(validator.activationEligibilityEpoch),
    activationEpoch: fieldEpoch(validator.activationEpoch),
    exitEpoch: fieldEpoch(validator.exitEpoch),
    withdrawableEpoch: fieldEpoch(validator.withdrawableEpoch),
  };
}

/** The SSZ library says Infinity for 2⁶⁴ − 1. */
const fieldEpoch = (value: number): bigint => (value === Number.POSITIVE_INFINITY ? FAR_FUTURE_EPOCH : BigInt(value));

/** `validators[index]`: its fields, and the branch from its container root to the state's root. */
export function validatorProof(state: LoadedState, index: number): ValidatorProof {
  const fields = validatorFields(state, index);
  return { index, fields, ...branch(state, chunkGindex(state.layout.validators, index)) };
}

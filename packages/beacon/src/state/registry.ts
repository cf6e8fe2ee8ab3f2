import { fromHex, type Pubkey, type Root, toHex } from '@holdfast/units';
import { EFFECTIVE_BALANCE_INCREMENT } from '@lodestar/params';
import { asValidatorFields, type RawValidator, type ValidatorFields } from '../proofs/validator.ts';
import { max } from '../spec/bigint.ts';
import type { LoadedState } from './LoadedState.ts';

export interface RegistryEntry {
  readonly index: number;
  readonly fields: ValidatorFields;
  /** In gwei. */
  readonly balance: bigint;
}

/** Each condition that is given must hold. */
export interface RegistryFilter {
  readonly withdrawalCredentials?: Root;
  readonly pubkeys?: Iterable<Pubkey>;
}

/**
 * The validators of a state that match, by index. One pass over the registry: seconds on mainnet, so ask for all of a
 * pool's validators at once.
 */
export function findValidators(state: LoadedState, filter: RegistryFilter): RegistryEntry[] {
  const credentials = filter.withdrawalCredentials && Buffer.from(fromHex(filter.withdrawalCredentials, 32));
  const pubkeys = filter.pubkeys && new Set(filter.pubkeys);
  return registryOf(state).flatMap((validator, index) => {
    if (credentials && !credentials.equals(validator.withdrawalCredentials)) return [];
    if (pubkeys && !pubkeys.has(toHex(validator.pubkey) as Pubkey)) return [];
    return [{ index, fields: asValidatorFields(validator), balance: state.balance(index) }];
  });
}

/** phase0 `get_total_active_balance`, in gwei: the effective balances active in an epoch, at least one increment. */
export function getTotalActiveBalance(state: LoadedState, epoch: number): bigint {
  let total = 0n;
  for (const { activationEpoch, exitEpoch, effectiveBalance } of registryOf(state)) {
    if (activationEpoch <= epoch && epoch < exitEpoch) total += BigInt(effectiveBalance);
  }
  return max(total, BigInt(EFFECTIVE_BALANCE_INCREMENT));
}

/** The sum of the state's `slashings`, in gwei: S of the correlation penalty. */
export const getTotalSlashed = (state: LoadedState): bigint =>
  (state.value(['slashings']) as (number | bigint)[]).reduce<bigint>((sum, slashed) => sum + BigInt(slashed), 0n);

const registryOf = (state: LoadedState): RawValidator[] => state.value(['validators']) as RawValidator[];

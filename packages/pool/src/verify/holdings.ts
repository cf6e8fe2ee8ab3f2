import { type LoadedState, validatorFields } from '@holdfast/beacon';
import { GWEI_PER_ETH, type Hex, sameHex } from '@holdfast/units';
import { findPendingDeposit } from '../proofs/pendingRun.ts';
import type { ValidatorSnapshot } from '../read/snapshot.ts';
import { isLive } from '../read/status.ts';
import { slashedValueGwei } from './slashedValue.ts';

/** What one validator of the pool holds on the beacon chain, by the state alone. In gwei. */
export interface Holding {
  readonly ordinal: number;
  readonly balanceGwei: bigint;
  /** The balance, or of a proven slashing its provisioned value, the part that the bond has set aside included. */
  readonly valueGwei: bigint;
  /** The pool's own deposit that the state's balance does not hold yet. */
  readonly inFlightGwei: bigint;
}

export interface HoldingsParameters {
  readonly state: LoadedState;
  readonly slotsPerEpoch: bigint;
  /** What a validator is funded to. */
  readonly stakeGwei: bigint;
  /** No deposit of a later slot counts. */
  readonly untilSlot: number;
}

/** The holdings of the validators that the pool counts. Donations on their way count only once they are there. */
export function holdingsOf(validators: readonly ValidatorSnapshot[], parameters: HoldingsParameters): Holding[] {
  const { state, slotsPerEpoch } = parameters;
  const epoch = Math.floor(state.slot / Number(slotsPerEpoch));
  return validators.map((validator) => {
    const balanceGwei = state.balance(validator.index);
    const { slashing, ordinal } = validator;
    const valueGwei = slashing ? slashedValueGwei(slashing, balanceGwei, epoch) : balanceGwei;
    return { ordinal, balanceGwei, valueGwei, inFlightGwei: inFlightOf(validator, parameters) };
  });
}

/**
 * The pool makes one deposit a validator. In the state's own slot or before, it waits in `pending_deposits` or has
 * landed; one of the state's own slot cannot have landed already, so if it is not in the list (Gloas takes it over a
 * block later) it is still on its way.
 */
function inFlightOf({ pubkey, depositSlot }: ValidatorSnapshot, parameters: HoldingsParameters): bigint {
  const { state, stakeGwei, untilSlot } = parameters;
  const amountGwei = stakeGwei - GWEI_PER_ETH;
  if (depositSlot > untilSlot) return 0n;
  if (depositSlot >= state.slot) return amountGwei;
  return findPendingDeposit(state, { pubkey, slot: depositSlot, amountGwei }) === null ? 0n : amountGwei;
}

/** Validators that a checkpoint counts. */
export const liveOf = (validators: readonly ValidatorSnapshot[]): ValidatorSnapshot[] =>
  validators.filter(({ status }) => isLive(status));

/** What the registry shows against the ledger: ordinals whose key or withdrawal credentials are not the pool's. */
export function strangersIn(state: LoadedState, validators: readonly ValidatorSnapshot[], credentials: Hex): number[] {
  const known = state.lengthOf(state.layout.validators);
  return validators
    .filter(({ index, pubkey }) => {
      if (index >= known) return true;
      const fields = validatorFields(state, index);
      return !sameHex(fields.pubkey, pubkey) || !sameHex(fields.withdrawalCredentials, credentials);
    })
    .map(({ ordinal }) => ordinal);
}

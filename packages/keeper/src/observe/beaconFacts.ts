import { type BeaconClient, type LoadedState, validatorFields } from '@holdfast/beacon';
import type { PoolSnapshot, ProvableMoment, ValidatorSnapshot } from '@holdfast/pool';
import { asPubkey, sameHex } from '@holdfast/units';
import type { BeaconFacts, BeaconValidator } from '../decide/observation.ts';

/**
 * The pool's validators in a verified state. A node is asked for one thing only that is not proven at once: which index a
 * new public key was given. Then the state itself is looked at.
 */
export async function beaconFacts(
  beaconClient: BeaconClient,
  moment: ProvableMoment,
  pool: PoolSnapshot,
  onTrouble: (error: unknown) => void,
): Promise<BeaconFacts> {
  const { config } = await beaconClient.spec();
  const living = pool.validators.filter(({ status }) => status !== 'rejected' && status !== 'withdrawn');
  const indices = knownIndices(moment.state, living);
  try {
    for (const [ordinal, index] of await newIndices(beaconClient, moment, living)) indices.set(ordinal, index);
  } catch (error) {
    onTrouble(error); // New validators wait; those that are known do not.
  }
  const entries = living.flatMap(({ ordinal }) => {
    const index = indices.get(ordinal);
    return index === undefined ? [] : [[ordinal, factsOf(moment.state, index)] as const];
  });
  return {
    slot: moment.header.slot,
    shardCommitteePeriod: config.SHARD_COMMITTEE_PERIOD,
    validators: new Map(entries),
  };
}

function knownIndices(state: LoadedState, validators: readonly ValidatorSnapshot[]): Map<number, number> {
  const count = state.lengthOf(state.layout.validators);
  const known = validators.filter(({ status, index }) => status !== 'predeposited' && index < count);
  return new Map(known.map(({ ordinal, index }) => [ordinal, index]));
}

async function newIndices(
  beaconClient: BeaconClient,
  { state, header }: ProvableMoment,
  validators: readonly ValidatorSnapshot[],
): Promise<[ordinal: number, index: number][]> {
  const fresh = validators.filter(({ status }) => status === 'predeposited');
  if (fresh.length === 0) return [];
  const count = state.lengthOf(state.layout.validators);
  const answers = await beaconClient.validators(header.stateRoot, { ids: fresh.map(({ pubkey }) => asPubkey(pubkey)) });
  return answers.flatMap(({ index }) => {
    if (index >= count) return [];
    const { pubkey } = validatorFields(state, index);
    const owner = fresh.find((validator) => sameHex(validator.pubkey, pubkey));
    return owner ? [[owner.ordinal, index] as [number, number]] : [];
  });
}

function factsOf(state: LoadedState, index: number): BeaconValidator {
  const { slashed, activationEpoch, exitEpoch, withdrawableEpoch } = validatorFields(state, index);
  return { index, slashed, activationEpoch, exitEpoch, withdrawableEpoch, balanceGwei: state.balance(index) };
}

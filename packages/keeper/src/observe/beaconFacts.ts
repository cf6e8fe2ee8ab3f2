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
): Promise<BeaconFacts> {
  const { config } = await beaconClient.spec();
  const living = pool.validators.filter(({ status }) => status !== 'rejected' && status !== 'withdrawn');
  const indices = await indicesOf(beaconClient, moment, living);
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

async function indicesOf(
  beaconClient: BeaconClient,
  { state, header }: ProvableMoment,
  validators: readonly ValidatorSnapshot[],
): Promise<Map<number, number>> {
  const count = state.lengthOf(state.layout.validators);
  const known = validators.filter(({ status, index }) => status !== 'predeposited' && index < count);
  const indices = new Map(known.map(({ ordinal, index }) => [ordinal, index]));
  const fresh = validators.filter(({ status }) => status === 'predeposited');
  if (fresh.length === 0) return indices;
  const answers = await beaconClient.validators(header.stateRoot, { ids: fresh.map(({ pubkey }) => asPubkey(pubkey)) });
  for (const { index } of answers) {
    if (index >= count) continue;
    const { pubkey } = validatorFields(state, index);
    const owner = fresh.find((validator) => sameHex(validator.pubkey, pubkey));
    if (owner) indices.set(owner.ordinal, index);
  }
  return indices;
}

function factsOf(state: LoadedState, index: number): BeaconValidator {
  const { slashed, activationEpoch, exitEpoch, withdrawableEpoch } = validatorFields(state, index);
  return { index, slashed, activationEpoch, exitEpoch, withdrawableEpoch, balanceGwei: state.balance(index) };
}

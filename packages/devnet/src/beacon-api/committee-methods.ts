import type { BeaconApiMethods } from '@lodestar/api/beacon/server';
import { ApiError } from '@lodestar/api/server';
import { SYNC_COMMITTEE_SIZE, SYNC_COMMITTEE_SUBNET_COUNT } from '@lodestar/params';
import { computeEpochAtSlot, computeStartSlotAtEpoch, computeSyncPeriodAtEpoch } from '@lodestar/state-transition';
import type { DevnetState } from '../consensus/types.ts';
import type { Devnet } from '../devnet.ts';
import { metaAt, resolveCachedState } from './resolve.ts';

/** `/eth/v1/beacon/states/{state_id}/{committees,sync_committees}`. */
export function committeeMethods(devnet: Devnet) {
  const { chain } = devnet;
  return {
    async getEpochCommittees({ stateId, epoch, index, slot }) {
      const state = resolveCachedState(chain, stateId);
      const asked = epoch ?? computeEpochAtSlot(slot ?? state.slot);
      const { committees } = shufflingOf(state, asked);
      const first = computeStartSlotAtEpoch(asked);
      const data = committees.flatMap((ofSlot, offset) =>
        ofSlot.map((members, position) => ({
          index: position,
          slot: first + offset,
          validators: Array.from(members),
        })),
      );
      const matching = data.filter(
        (committee) =>
          (slot === undefined || committee.slot === slot) && (index === undefined || committee.index === index),
      );
      return { data: matching, meta: metaAt(chain, state.slot) };
    },
    async getEpochSyncCommittees({ stateId, epoch }) {
      const state = resolveCachedState(chain, stateId);
      const asked = epoch ?? computeEpochAtSlot(state.slot);
      const ahead = computeSyncPeriodAtEpoch(asked) - computeSyncPeriodAtEpoch(computeEpochAtSlot(state.slot));
      if (ahead !== 0 && ahead !== 1) throw new ApiError(400, `No sync committee is known for epoch ${asked}`);
      const validatorsOf = Array.from(state.epochCtx.getIndexedSyncCommitteeAtEpoch(asked).validatorIndices);
      const size = SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT;
      const validatorAggregates = Array.from({ length: SYNC_COMMITTEE_SUBNET_COUNT }, (_, subnet) =>
        validatorsOf.slice(subnet * size, (subnet + 1) * size),
      );
      return { data: { validators: validatorsOf, validatorAggregates }, meta: metaAt(chain, state.slot) };
    },
  } satisfies Partial<BeaconApiMethods['beacon']>;
}

function shufflingOf(state: DevnetState, epoch: number) {
  const shuffling = state.epochCtx.getShufflingAtEpochOrNull(epoch);
  if (shuffling) return shuffling;
  const current = computeEpochAtSlot(state.slot);
  throw new ApiError(400, `The committees of epoch ${epoch} are not known to a state at epoch ${current}`);
}

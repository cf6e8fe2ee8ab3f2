import { type Pubkey, toHex } from '@holdfast/units';
import { isAggregatorFromCommitteeLength } from '@lodestar/state-transition';
import { type phase0, ssz } from '@lodestar/types';
import { aggregateAndProofRequest, aggregationSlotRequest, syncMessageRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { SignedVote } from './attest.ts';
import type { AttestationPool } from './attestation-pool.ts';
import type { FaultBook } from './faults.ts';
import type { SyncPool } from './sync-pool.ts';
import type { DevnetState } from './types.ts';

// Duties that keys at hand need not perform one by one, since their signatures are added up when a block needs them.
// A signer is asked for each, as a validator client would ask it.

export interface RemoteDutyContext {
  readonly state: DevnetState;
  readonly headRoot: Uint8Array;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly onFailure: (pubkey: Pubkey, error: unknown) => void;
}

/** The sync committee's messages for the head, by those of it whose keys are behind signers. */
export async function signSyncMessages(context: RemoteDutyContext, pool: SyncPool): Promise<void> {
  const { state, headRoot, roster, faults, onFailure } = context;
  const { slot } = state;
  if (roster.remoteCount === 0) return;
  const request = syncMessageRequest(state.config, slot, headRoot);
  const members = [...state.epochCtx.getIndexedSyncCommittee(slot).validatorIndexMap.keys()];
  await Promise.all(
    members.map(async (validatorIndex) => {
      const validator = state.validators.getReadonly(validatorIndex);
      const pubkey = toHex(validator.pubkey) as Pubkey;
      if (validator.slashed || roster.performerOf(pubkey) !== 'remote' || faults.isOffline(pubkey, slot)) return;
      try {
        const signature = await roster.sign(pubkey, request);
        pool.addMessage({ slot, beaconBlockRoot: headRoot, validatorIndex, signature });
      } catch (error) {
        onFailure(pubkey, error);
      }
    }),
  );
}

/**
 * The aggregates of those who just voted through signers and are chosen to aggregate.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/electra/validator.md#attestation-aggregation
 */
export async function signAggregates(
  context: RemoteDutyContext,
  voters: readonly SignedVote[],
  data: phase0.AttestationData,
  pool: AttestationPool,
): Promise<void> {
  const { state, roster, onFailure } = context;
  const { config, epochCtx } = state;
  const dataRoot = toHex(ssz.phase0.AttestationData.hashTreeRoot(data));
  await Promise.all(
    voters.map(async ({ committee, index, pubkey }) => {
      try {
        const selectionProof = await roster.sign(pubkey, aggregationSlotRequest(config, data.slot));
        const { length } = epochCtx.getBeaconCommittee(data.slot, committee);
        const aggregate = pool.aggregateOf(dataRoot, committee);
        if (!aggregate || !isAggregatorFromCommitteeLength(length, selectionProof)) return;
        await roster.sign(
          pubkey,
          aggregateAndProofRequest(config, { aggregatorIndex: index, aggregate, selectionProof }),
        );
        pool.addAggregate(state, aggregate);
      } catch (error) {
        onFailure(pubkey, error);
      }
    }),
  );
}

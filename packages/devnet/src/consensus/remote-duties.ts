import { type Pubkey, toHex } from '@holdfast/units';
import { isAggregatorFromCommitteeLength, isSyncCommitteeAggregator } from '@lodestar/state-transition';
import { type phase0, ssz } from '@lodestar/types';
import {
  aggregateAndProofRequest,
  aggregationSlotRequest,
  contributionRequest,
  syncMessageRequest,
  syncSelectionRequest,
} from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { SignedVote } from './attest.ts';
import type { AttestationPool } from './attestation-pool.ts';
import type { FaultBook } from './faults.ts';
import { type SyncPool, subcommitteesOf, syncContribution } from './sync-pool.ts';
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
  const { state, headRoot, roster, onFailure } = context;
  const { slot } = state;
  const members = syncMembers(context);
  if (members.length === 0) return;
  const request = syncMessageRequest(state.config, slot, headRoot);
  await Promise.all(
    members.map(async ({ index, pubkey }) => {
      try {
        const signature = await roster.sign(pubkey, request);
        pool.addMessage({ slot, beaconBlockRoot: headRoot, validatorIndex: index, signature });
      } catch (error) {
        onFailure(pubkey, error);
      }
    }),
  );
}

/**
 * A contribution of each subcommittee in which somebody behind a signer is chosen to aggregate. All that are chosen would
 * publish the same one, so the first is enough.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/altair/validator.md#sync-committee-contributions
 */
export async function signContributions(context: RemoteDutyContext, pool: SyncPool): Promise<void> {
  const { state, headRoot, roster, faults } = context;
  const { config, slot } = state;
  const seats = syncMembers(context).flatMap((member) =>
    subcommitteesOf(state, slot, member.index).map((subcommittee) => ({ ...member, subcommittee })),
  );
  await firstOfEach(context, seats, 'subcommittee', async ({ index, pubkey, subcommittee }) => {
    const selectionProof = await roster.sign(pubkey, syncSelectionRequest(config, slot, subcommittee));
    if (!isSyncCommitteeAggregator(selectionProof)) return false;
    const contribution = syncContribution({ state, slot, headRoot, roster, faults, pool }, subcommittee);
    if (!contribution) return true;
    const message = { aggregatorIndex: index, contribution, selectionProof };
    await roster.sign(pubkey, contributionRequest(config, message));
    pool.addContribution(contribution);
    return true;
  });
}

/**
 * An aggregate of each committee of which somebody just voted through a signer and is chosen to aggregate; the first such.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/electra/validator.md#attestation-aggregation
 */
export async function signAggregates(
  context: RemoteDutyContext,
  voters: readonly SignedVote[],
  data: phase0.AttestationData,
  pool: AttestationPool,
): Promise<void> {
  const { state, roster } = context;
  const { config, epochCtx } = state;
  const dataRoot = toHex(ssz.phase0.AttestationData.hashTreeRoot(data));
  await firstOfEach(context, voters, 'committee', async ({ committee, index, pubkey }) => {
    const selectionProof = await roster.sign(pubkey, aggregationSlotRequest(config, data.slot));
    const { length } = epochCtx.getBeaconCommittee(data.slot, committee);
    if (!isAggregatorFromCommitteeLength(length, selectionProof)) return false;
    const aggregate = pool.aggregateOf(dataRoot, committee);
    if (!aggregate) return true;
    const message = { aggregatorIndex: index, aggregate, selectionProof };
    await roster.sign(pubkey, aggregateAndProofRequest(config, message));
    pool.addAggregate(state, aggregate);
    return true;
  });
}

/** Goes through the seats of each group until `duty` is done for one; all groups at once. */
async function firstOfEach<Name extends string, Seat extends { readonly pubkey: Pubkey } & Record<Name, number>>(
  { onFailure }: RemoteDutyContext,
  seats: readonly Seat[],
  group: Name,
  duty: (seat: Seat) => Promise<boolean>,
): Promise<void> {
  const groups = [...Map.groupBy(seats, (seat) => seat[group]).values()];
  await Promise.all(
    groups.map(async (members) => {
      for (const seat of members) {
        try {
          if (await duty(seat)) return;
        } catch (error) {
          onFailure(seat.pubkey, error);
        }
      }
    }),
  );
}

/** Those of the sync committee that are behind signers and at work. */
function syncMembers({ state, roster, faults }: RemoteDutyContext): { index: number; pubkey: Pubkey }[] {
  if (roster.remoteCount === 0) return [];
  const members = [...state.epochCtx.getIndexedSyncCommittee(state.slot).validatorIndexMap.keys()];
  return members.flatMap((index) => {
    const validator = state.validators.getReadonly(index);
    const pubkey = toHex(validator.pubkey) as Pubkey;
    const able = !validator.slashed && roster.performerOf(pubkey) === 'remote';
    return able && !faults.isOffline(pubkey, state.slot) ? [{ index, pubkey }] : [];
  });
}

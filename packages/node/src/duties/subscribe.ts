import { EPOCHS_PER_SYNC_COMMITTEE_PERIOD } from '@lodestar/params';
import type { DutyContext } from './context.ts';

/**
 * Tells the beacon nodes in which committees our validators sit: they join the subnets, or they have nothing to aggregate and
 * may find nobody to give a vote to. Who aggregates is known when the cluster has signed the selection proofs, in the slot
 * itself; until then each is taken for one that may.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/validator.md#lookahead
 */
export async function subscribe(
  { beacon, schedule }: Pick<DutyContext, 'beacon' | 'schedule'>,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const attesters = schedule.attestersIn(epoch);
  const sync = schedule.syncIn(epoch);
  const untilEpoch = (Math.floor(epoch / EPOCHS_PER_SYNC_COMMITTEE_PERIOD) + 1) * EPOCHS_PER_SYNC_COMMITTEE_PERIOD;
  await Promise.all([
    attesters.length > 0 &&
      beacon.validatorApi.subscribeCommittees(
        attesters.map(({ validatorIndex, committeeIndex, committeesAtSlot, slot }) => ({
          validatorIndex,
          committeeIndex,
          committeesAtSlot,
          slot,
          isAggregator: true,
        })),
        { signal },
      ),
    sync.length > 0 &&
      beacon.validatorApi.subscribeSyncCommittees(
        sync.map(({ validatorIndex, validatorSyncCommitteeIndices }) => ({
          validatorIndex,
          syncCommitteeIndices: validatorSyncCommitteeIndices,
          untilEpoch,
        })),
        { signal },
      ),
  ]);
}

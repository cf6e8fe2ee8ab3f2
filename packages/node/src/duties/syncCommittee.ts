import type { SyncDuty } from '@holdfast/beacon';
import { fromHex, toHex } from '@holdfast/units';
import { ssz } from '@lodestar/types';
import { DutyError } from '../errors.ts';
import { both, type DutyContext } from './context.ts';
import { packList, unpackList } from './lists.ts';
import { isSyncCommitteeAggregator, subcommitteesOf } from './selection.ts';

const Contribution = ssz.altair.SyncCommitteeContribution;

/** One that contributes for a subcommittee, and the proof that it was chosen. */
interface Contributor {
  readonly duty: SyncDuty;
  readonly subcommitteeIndex: number;
  readonly selectionProof: Uint8Array;
}

/**
 * Sync committee messages of one slot: the cluster agrees on the head, each member signs it. Resolves to that head.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/altair/validator.md#sync-committee-messages
 */
export async function syncMessages(
  context: DutyContext,
  slot: number,
  duties: readonly SyncDuty[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { beacon, chain, cluster, tasks, observer } = context;
  const deadlineMs = chain.startMs(slot + 1);
  const propose = async (): Promise<Uint8Array> => fromHex((await beacon.header('head')).root);
  const check = (value: Uint8Array): void => {
    if (value.length !== 32) throw new DutyError('syncMessage', 'the proposed head is not a root', { slot });
  };
  const root = await cluster.agree({ duty: 'syncMessage', slot, propose, check, deadlineMs }, signal);
  const signatures = await cluster.sign(
    duties.map(({ pubkey }) => tasks.syncMessage(pubkey, slot, root)),
    deadlineMs,
    signal,
  );
  const messages = both(duties, signatures).map(([{ validatorIndex }, signature]) => ({
    slot,
    beaconBlockRoot: root,
    validatorIndex,
    signature,
  }));
  if (messages.length === 0) throw new DutyError('syncMessage', 'no signature came', { slot });
  await beacon.validatorApi.submitSyncCommitteeMessages(messages, { signal });
  observer.stage('syncMessage', slot, 'published', messages.length);
  return root;
}

/** Contributions of one slot: who is chosen, one contribution for each subcommittee, signed by each chosen. */
export async function syncContributions(
  context: DutyContext,
  slot: number,
  beaconBlockRoot: Uint8Array,
  duties: readonly SyncDuty[],
  signal: AbortSignal,
): Promise<void> {
  const { beacon, chain, cluster, tasks, observer } = context;
  const deadlineMs = chain.startMs(slot + 1);
  const contributors = await selectContributors(context, slot, duties, signal);
  if (contributors.length === 0) return;
  const wanted = [...new Set(contributors.map(({ subcommitteeIndex }) => subcommitteeIndex))].sort((a, b) => a - b);
  const propose = async (stop: AbortSignal): Promise<Uint8Array> => {
    const answers = await Promise.allSettled(
      wanted.map((subcommitteeIndex) =>
        beacon.validatorApi.syncCommitteeContribution({ slot, subcommitteeIndex, beaconBlockRoot }, { signal: stop }),
      ),
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (found.length === 0) throw new DutyError('syncContribution', 'no beacon node has a contribution', { slot });
    return packList(found.map((one) => Contribution.serialize(one)));
  };
  const check = (value: Uint8Array): void => {
    for (const one of unpackList(value).map((bytes) => Contribution.deserialize(bytes))) {
      if (one.slot === slot && toHex(one.beaconBlockRoot) === toHex(beaconBlockRoot)) continue;
      throw new DutyError('syncContribution', 'a proposed contribution is of another slot or head', { slot });
    }
  };
  const agreed = await cluster.agree({ duty: 'syncContribution', slot, propose, check, deadlineMs }, signal);
  const contributions = new Map(
    unpackList(agreed).map((bytes) => {
      const one = Contribution.deserialize(bytes);
      return [one.subcommitteeIndex, one] as const;
    }),
  );
  const messages = contributors.flatMap(({ duty, subcommitteeIndex, selectionProof }) => {
    const contribution = contributions.get(subcommitteeIndex);
    return contribution
      ? [{ pubkey: duty.pubkey, message: { aggregatorIndex: duty.validatorIndex, contribution, selectionProof } }]
      : [];
  });
  const signatures = await cluster.sign(
    messages.map(({ pubkey, message }) => tasks.contributionAndProof(pubkey, message)),
    deadlineMs,
    signal,
  );
  const signed = both(messages, signatures).map(([{ message }, signature]) => ({ message, signature }));
  if (signed.length === 0) throw new DutyError('syncContribution', 'no signature came', { slot });
  await beacon.validatorApi.publishContributions(signed, { signal });
  observer.stage('syncContribution', slot, 'published', signed.length);
}

async function selectContributors(
  { cluster, tasks, chain }: DutyContext,
  slot: number,
  duties: readonly SyncDuty[],
  signal: AbortSignal,
): Promise<Contributor[]> {
  const places = duties.flatMap((duty) =>
    subcommitteesOf(duty.validatorSyncCommitteeIndices).map((subcommitteeIndex) => ({ duty, subcommitteeIndex })),
  );
  const proofs = await cluster.sign(
    places.map(({ duty, subcommitteeIndex }) => tasks.syncSelectionProof(duty.pubkey, slot, subcommitteeIndex)),
    chain.startMs(slot + 1),
    signal,
  );
  return both(places, proofs)
    .map(([place, selectionProof]) => ({ ...place, selectionProof }))
    .filter(({ selectionProof }) => isSyncCommitteeAggregator(selectionProof));
}

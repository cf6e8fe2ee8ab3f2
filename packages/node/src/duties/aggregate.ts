import type { AttesterDuty } from '@holdfast/beacon';
import { toHex } from '@holdfast/units';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { DutyError } from '../errors.ts';
import { both, type DutyContext } from './context.ts';
import { packList, unpackList } from './lists.ts';
import { isAggregator } from './selection.ts';

const Aggregate = ssz.electra.Attestation;

/** An aggregator, and the proof that it was chosen. */
export type Selected = readonly [duty: AttesterDuty, selectionProof: Uint8Array];

/** Which of a slot's attesters aggregate. The whole keys sign it, so nobody knows before the cluster signed. */
export async function selectAggregators(
  { cluster, tasks, chain }: DutyContext,
  slot: number,
  duties: readonly AttesterDuty[],
  signal: AbortSignal,
): Promise<Selected[]> {
  const deadlineMs = chain.startMs(slot) + chain.due.aggregateMs;
  const proofs = await cluster.sign(
    duties.map(({ pubkey }) => tasks.selectionProof(pubkey, slot)),
    deadlineMs,
    signal,
  );
  return both(duties, proofs).filter(([{ committeeLength }, proof]) => isAggregator(committeeLength, proof));
}

/**
 * Aggregates of one slot: the cluster agrees on one aggregate for each committee, each aggregator signs its own.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/validator.md#attestation-aggregation
 */
export async function aggregate(
  context: DutyContext,
  slot: number,
  vote: phase0.AttestationData,
  aggregators: readonly Selected[],
  signal: AbortSignal,
): Promise<void> {
  const { beacon, chain, cluster, tasks, observer } = context;
  const deadlineMs = chain.startMs(slot + 1);
  const dataRoot = ssz.phase0.AttestationData.hashTreeRoot(vote);
  const committees = [...new Set(aggregators.map(([{ committeeIndex }]) => committeeIndex))].sort((a, b) => a - b);
  const propose = async (stop: AbortSignal): Promise<Uint8Array> => {
    const answers = await Promise.allSettled(
      committees.map((committeeIndex) =>
        beacon.validatorApi.aggregateAttestation({ slot, committeeIndex, dataRoot }, { signal: stop }),
      ),
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    if (found.length === 0) throw new DutyError('aggregator', 'no beacon node has an aggregate', { slot, committees });
    return packList(found.map((one) => Aggregate.serialize(one)));
  };
  const check = (value: Uint8Array): void => {
    for (const one of aggregatesOf(value)) {
      if (toHex(ssz.phase0.AttestationData.hashTreeRoot(one.data)) === toHex(dataRoot)) continue;
      throw new DutyError('aggregator', 'a proposed aggregate is of another vote', { slot });
    }
  };
  const agreed = await cluster.agree({ duty: 'aggregator', slot, propose, check, deadlineMs }, signal);
  const byCommittee = new Map(aggregatesOf(agreed).map((one) => [one.committeeBits.getTrueBitIndexes()[0], one]));
  const messages = aggregators.flatMap(([duty, selectionProof]) => {
    const one = byCommittee.get(duty.committeeIndex);
    return one
      ? [{ pubkey: duty.pubkey, message: { aggregatorIndex: duty.validatorIndex, aggregate: one, selectionProof } }]
      : [];
  });
  observer.stage('aggregator', slot, 'agreed', messages.length);
  const signatures = await cluster.sign(
    messages.map(({ pubkey, message }) => tasks.aggregateAndProof(pubkey, message)),
    deadlineMs,
    signal,
  );
  const signed = both(messages, signatures).map(([{ message }, signature]) => ({ message, signature }));
  if (signed.length === 0) throw new DutyError('aggregator', 'no signature came', { slot });
  await beacon.validatorApi.publishAggregates(chain.forkAt(slot), signed, { signal });
  observer.stage('aggregator', slot, 'published', signed.length);
}

function aggregatesOf(value: Uint8Array): electra.Attestation[] {
  return unpackList(value).map((bytes) => Aggregate.deserialize(bytes));
}

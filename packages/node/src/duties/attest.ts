import type { AttesterDuty, BeaconClient } from '@holdfast/beacon';
import { type phase0, ssz } from '@lodestar/types';
import { DutyError } from '../errors.ts';
import { both, type DutyContext } from './context.ts';

const Data = ssz.phase0.AttestationData;

/** What an attestation needs of the context. */
export type AttestContext = Pick<DutyContext, 'chain' | 'tasks' | 'observer'> & {
  readonly cluster: Pick<DutyContext['cluster'], 'agree' | 'sign'>;
  readonly beacon: {
    readonly validatorApi: Pick<BeaconClient['validatorApi'], 'attestationData' | 'submitAttestations'>;
  };
};

/**
 * The attestations of one slot: the cluster agrees on one vote, each validator signs it. Resolves to the vote, which the
 * aggregation needs, and the next attestation as `lastVote`.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/validator.md#attesting
 */
export async function attest(
  context: AttestContext,
  slot: number,
  duties: readonly AttesterDuty[],
  signal: AbortSignal,
  lastVote?: phase0.AttestationData,
): Promise<phase0.AttestationData> {
  const { beacon, chain, cluster, tasks, observer } = context;
  const deadlineMs = chain.startMs(slot + 1);
  let own: phase0.AttestationData | undefined;
  const propose = async (stop: AbortSignal): Promise<Uint8Array> => {
    own = await beacon.validatorApi.attestationData(slot, 0, { signal: stop });
    observer.stage('attester', slot, 'fetched', 1);
    return Data.serialize(own);
  };
  const check = (value: Uint8Array): void =>
    checkAttestationData(Data.deserialize(value), { slot, epoch: chain.epochOf(slot), own, lastVote });
  const agreed = await cluster.agree({ duty: 'attester', slot, propose, check, deadlineMs }, signal);
  const data = Data.deserialize(agreed);
  observer.stage('attester', slot, 'agreed', duties.length);

  const signatures = await cluster.sign(
    duties.map(({ pubkey }) => tasks.attestation(pubkey, data)),
    deadlineMs,
    signal,
  );
  const signed = both(duties, signatures);
  observer.stage('attester', slot, 'recovered', signed.length);
  if (signed.length > 0) {
    await beacon.validatorApi.submitAttestations(
      chain.forkAt(slot),
      signed.map(([duty, signature]) => ({
        committeeIndex: duty.committeeIndex,
        attesterIndex: duty.validatorIndex,
        data,
        signature,
      })),
      { signal },
    );
    observer.stage('attester', slot, 'published', signed.length);
  }
  if (signed.length < duties.length) {
    observer.missed(
      'attester',
      slot,
      new DutyError('attester', 'not every signature came', { slot, missing: duties.length - signed.length }),
    );
  }
  return data;
}

/** What a node knows when it is asked for its vote. */
export interface Knowledge {
  readonly slot: number;
  readonly epoch: number;
  /** What our own beacon nodes would vote for; undefined while they have not said. */
  readonly own: phase0.AttestationData | undefined;
  /** What the cluster voted for the last time. */
  readonly lastVote: phase0.AttestationData | undefined;
}

/**
 * Whether this node votes for another's attestation data. A wrong head is an honest difference; a wrong source or target
 * is what a lying leader would use, so they must be what this node's own beacon nodes say. When they say nothing, the
 * source must at least not go back: a vote that surrounds the last ones would be agreed on, and then refused by every
 * signer.
 */
export function checkAttestationData(data: phase0.AttestationData, { slot, epoch, own, lastVote }: Knowledge): void {
  const wrong = (why: string): never => {
    throw new DutyError('attester', `the proposed vote ${why}`, { slot, vote: JSON.stringify(Data.toJson(data)) });
  };
  if (data.slot !== slot) wrong('is of another slot');
  if (data.index !== 0) wrong('names a committee, which is not part of it since Electra');
  if (data.target.epoch !== epoch) wrong('has a target of another epoch');
  if (data.source.epoch > data.target.epoch) wrong('has a source after its target');
  const Checkpoint = ssz.phase0.Checkpoint;
  if (own) {
    if (!Checkpoint.equals(data.source, own.source))
      wrong('has a source that our beacon nodes do not know as justified');
    if (!Checkpoint.equals(data.target, own.target)) wrong('has a target that our beacon nodes do not know');
  } else if (lastVote && data.source.epoch < lastVote.source.epoch) wrong('has a source before that of our last vote');
}

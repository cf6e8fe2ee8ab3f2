import type { AttesterDuty } from '@holdfast/beacon';
import { type phase0, ssz } from '@lodestar/types';
import { DutyError } from '../errors.ts';
import { both, type DutyContext } from './context.ts';

const Data = ssz.phase0.AttestationData;

/**
 * The attestations of one slot: the cluster agrees on one vote, each validator signs it. Resolves to the vote, which the
 * aggregation needs.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/validator.md#attesting
 */
export async function attest(
  context: DutyContext,
  slot: number,
  duties: readonly AttesterDuty[],
  signal: AbortSignal,
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
    checkAttestationData(Data.deserialize(value), slot, chain.epochOf(slot), own);
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

/**
 * Whether this node votes for another's attestation data. A wrong head is an honest difference; a wrong source or target
 * is what a lying leader would use, so they must be what this node's own beacon nodes say, when they said anything.
 */
export function checkAttestationData(
  data: phase0.AttestationData,
  slot: number,
  epoch: number,
  own: phase0.AttestationData | undefined,
): void {
  const wrong = (why: string): never => {
    throw new DutyError('attester', `the proposed vote ${why}`, { slot, vote: JSON.stringify(Data.toJson(data)) });
  };
  if (data.slot !== slot) wrong('is of another slot');
  if (data.index !== 0) wrong('names a committee, which is not part of it since Electra');
  if (data.target.epoch !== epoch) wrong('has a target of another epoch');
  if (data.source.epoch > data.target.epoch) wrong('has a source after its target');
  if (own === undefined) return;
  const Checkpoint = ssz.phase0.Checkpoint;
  if (!Checkpoint.equals(data.source, own.source)) wrong('has a source that our beacon nodes do not know as justified');
  if (!Checkpoint.equals(data.target, own.target)) wrong('has a target that our beacon nodes do not know');
}

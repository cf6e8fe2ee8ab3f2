import { aggregateSignatures, SecretKey, Signature } from '@chainsafe/blst';
import { BitArray, type Type } from '@chainsafe/ssz';
import { type AttesterDuty, BeaconClient, type ProducedBlock } from '@holdfast/beacon';
import type { BeaconConfig } from '@lodestar/config';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_BEACON_ATTESTER,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  MAX_COMMITTEES_PER_SLOT,
} from '@lodestar/params';
import { computeSigningRoot, interopSecretKey } from '@lodestar/state-transition';
import { type altair, type electra, type phase0, ssz } from '@lodestar/types';
import { SLOTS_PER_EPOCH } from './devnet-kit.ts';

/** A validator client as simple as can be: whatever it does goes over HTTP, and nothing protects its keys. */
export class TestValidatorClient {
  readonly client: BeaconClient;
  readonly #config: BeaconConfig;
  readonly #keys: ReadonlyMap<number, SecretKey>;
  /** Votes that are published in aggregates only. */
  readonly quiet = new Set<number>();
  /** What it voted for in the slot under way. */
  #votes: { readonly duty: AttesterDuty; readonly single: electra.SingleAttestation }[] = [];

  constructor(url: string, config: BeaconConfig, indices: readonly number[]) {
    this.client = new BeaconClient({ urls: [url], roundsMax: 1 });
    this.#config = config;
    this.#keys = new Map(indices.map((index) => [index, SecretKey.fromBytes(interopSecretKey(index).toBytes())]));
  }

  get api() {
    return this.client.validatorApi;
  }

  sign<T>(index: number, type: Type<T>, value: T, domainType: Uint8Array, slot: number): Uint8Array {
    const root = computeSigningRoot(type, value, this.#config.getDomain(slot, domainType));
    return this.#keys.get(index)!.sign(root).toBytes();
  }

  signBlock(index: number, { block }: ProducedBlock): Uint8Array {
    const { BeaconBlock } = this.#config.getForkTypes(block.slot);
    return this.sign(index, BeaconBlock as Type<unknown>, block, DOMAIN_BEACON_PROPOSER, block.slot);
  }

  randao(index: number, slot: number): Uint8Array {
    return this.sign(index, ssz.Epoch, Math.floor(slot / SLOTS_PER_EPOCH), DOMAIN_RANDAO, slot);
  }

  vote(index: number, committeeIndex: number, data: phase0.AttestationData): electra.SingleAttestation {
    const signature = this.sign(index, ssz.phase0.AttestationData, data, DOMAIN_BEACON_ATTESTER, data.slot);
    return { committeeIndex, attesterIndex: index, data, signature };
  }

  /** Proposes if it is the turn of one of its validators. */
  async propose(slot: number): Promise<boolean> {
    const { duties } = await this.api.proposerDuties(Math.floor(slot / SLOTS_PER_EPOCH));
    const duty = duties.find((one) => one.slot === slot && this.#keys.has(one.validatorIndex));
    if (!duty) return false;
    const index = duty.validatorIndex;
    const produced = await this.api.produceBlock({ slot, randaoReveal: this.randao(index, slot) });
    const { fork, block: message, kzgProofs, blobs } = produced;
    const signedBlock = { message, signature: this.signBlock(index, produced) };
    await this.api.publishBlock({ fork, signedBlock, kzgProofs, blobs });
    return true;
  }

  /** Votes, and signs the head for the sync committee. */
  async attest(slot: number): Promise<void> {
    const epoch = Math.floor(slot / SLOTS_PER_EPOCH);
    const indices = [...this.#keys.keys()];
    const { duties } = await this.api.attesterDuties(epoch, indices);
    const data = await this.api.attestationData(slot);
    this.#votes = duties
      .filter((duty) => duty.slot === slot)
      .map((duty) => ({ duty, single: this.vote(duty.validatorIndex, duty.committeeIndex, data) }));
    const loud = this.#votes.filter(({ duty }) => !this.quiet.has(duty.validatorIndex));
    await this.api.submitAttestations(
      'fulu',
      loud.map(({ single }) => single),
    );
    const beaconBlockRoot = data.beaconBlockRoot;
    const messages: altair.SyncCommitteeMessage[] = (await this.#syncDuties(slot)).map(({ validatorIndex }) => {
      const signature = this.sign(validatorIndex, ssz.Root, beaconBlockRoot, DOMAIN_SYNC_COMMITTEE, slot);
      return { slot, beaconBlockRoot, validatorIndex, signature };
    });
    await this.api.submitSyncCommitteeMessages(messages);
  }

  /** Publishes the aggregates of its committees and subcommittees, by the first of its validators in each. */
  async aggregate(slot: number): Promise<void> {
    const byCommittee = Map.groupBy(this.#votes, ({ duty }) => duty.committeeIndex);
    const signed: electra.SignedAggregateAndProof[] = [];
    for (const [committeeIndex, votes] of byCommittee) {
      const aggregatorIndex = votes[0]!.duty.validatorIndex;
      const { data } = votes[0]!.single;
      const dataRoot = ssz.phase0.AttestationData.hashTreeRoot(data);
      const isQuiet = votes.every(({ duty }) => this.quiet.has(duty.validatorIndex));
      const aggregate = isQuiet
        ? ownAggregate(committeeIndex, votes)
        : await this.api.aggregateAttestation({ slot, committeeIndex, dataRoot });
      const selectionProof = this.sign(aggregatorIndex, ssz.Slot, slot, DOMAIN_SELECTION_PROOF, slot);
      const message = { aggregatorIndex, aggregate, selectionProof };
      const type = ssz.electra.AggregateAndProof;
      signed.push({ message, signature: this.sign(aggregatorIndex, type, message, DOMAIN_AGGREGATE_AND_PROOF, slot) });
    }
    await this.api.publishAggregates('fulu', signed);
    await this.#contribute(slot);
  }

  async #contribute(slot: number): Promise<void> {
    const { root } = await this.client.header('head');
    const beaconBlockRoot = Buffer.from(root.slice(2), 'hex');
    const signed: altair.SignedContributionAndProof[] = [];
    const done = new Set<number>();
    for (const { validatorIndex, validatorSyncCommitteeIndices } of await this.#syncDuties(slot)) {
      for (const subcommitteeIndex of new Set(validatorSyncCommitteeIndices.map((place) => Math.floor(place / 8)))) {
        if (done.has(subcommitteeIndex)) continue;
        done.add(subcommitteeIndex);
        const contribution = await this.api.syncCommitteeContribution({ slot, subcommitteeIndex, beaconBlockRoot });
        const selection = { slot, subcommitteeIndex };
        const type = ssz.altair.SyncAggregatorSelectionData;
        const domain = DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF;
        const selectionProof = this.sign(validatorIndex, type, selection, domain, slot);
        const message = { aggregatorIndex: validatorIndex, contribution, selectionProof };
        const outer = ssz.altair.ContributionAndProof;
        const signature = this.sign(validatorIndex, outer, message, DOMAIN_CONTRIBUTION_AND_PROOF, slot);
        signed.push({ message, signature });
      }
    }
    await this.api.publishContributions(signed);
  }

  /** The message of a slot is for the committee of the slot after it. */
  #syncDuties(slot: number) {
    return this.api.syncDuties(Math.floor((slot + 1) / SLOTS_PER_EPOCH), [...this.#keys.keys()]);
  }
}

function ownAggregate(
  committee: number,
  votes: readonly { readonly duty: AttesterDuty; readonly single: electra.SingleAttestation }[],
): electra.Attestation {
  const committeeBits = BitArray.fromBitLen(MAX_COMMITTEES_PER_SLOT);
  committeeBits.set(committee, true);
  const aggregationBits = BitArray.fromBitLen(votes[0]!.duty.committeeLength);
  for (const { duty } of votes) aggregationBits.set(duty.validatorCommitteeIndex, true);
  const signatures = votes.map(({ single }) => Signature.fromBytes(single.signature));
  return {
    committeeBits,
    aggregationBits,
    data: votes[0]!.single.data,
    signature: aggregateSignatures(signatures).toBytes(),
  };
}

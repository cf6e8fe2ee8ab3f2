import type { CompositeTypeAny } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { type altair, type bellatrix, type electra, type phase0, ssz } from '@lodestar/types';
import { BeaconHttpError } from '../errors.ts';
import { asStateFork, type StateFork } from '../forks.ts';
import { type BlockToPublish, encodeBlock, type ProducedBlock, readProducedBlock } from './blocks.ts';
import {
  type AttesterDuty,
  type Duties,
  type Liveness,
  type ProposerDuty,
  readAttestationData,
  readAttesterDuties,
  readLiveness,
  readProposerDuties,
  readSsz,
  readSyncDuties,
  readSyncing,
  requireAsked,
  type SyncDuty,
  type SyncingStatus,
} from './duties.ts';
import type { Failover } from './Failover.ts';
import type { BeaconRequest } from './http.ts';
import { Answer } from './read.ts';

/** Of one call. A duty has its own deadline, often shorter than what reading a chain may take. */
export interface CallOptions {
  /** For each node; default the client's. */
  readonly timeoutMs?: number;
  /** Ends the call on every node; it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ProduceBlockParameters {
  readonly slot: number;
  readonly randaoReveal: Uint8Array;
  /** 32 bytes. Default: the node's own. */
  readonly graffiti?: Uint8Array;
  /** In percent of a builder's bid; 0 (the default) never takes one. */
  readonly builderBoostFactor?: bigint;
}

export interface CommitteeSubscription {
  readonly validatorIndex: number;
  readonly committeeIndex: number;
  readonly committeesAtSlot: number;
  readonly slot: number;
  readonly isAggregator: boolean;
}

export interface SyncSubscription {
  readonly validatorIndex: number;
  readonly syncCommitteeIndices: readonly number[];
  readonly untilEpoch: number;
}

/** Limits of the client that this is a part of. */
export interface ValidatorApiLimits {
  readonly timeoutMs: number;
  readonly jsonBytesMax: number;
  readonly blockBytesMax: number;
}

/**
 * What a validator client needs of a beacon node: duties, objects to sign, and where signed ones go. Reached as
 * `client.validatorApi`. Asks one node after another as the rest of the client does. Objects to sign are the node's
 * word: that they answer the question (slot, root, committee) is checked here, whether to sign them is the signer's
 * business.
 *
 * A node's 400 means that it refused what was sent (BeaconHttpError with its reason); the other nodes are asked too.
 *
 * @see https://ethereum.github.io/beacon-APIs/#/Validator
 */
export class ValidatorApi {
  readonly #failover: Failover;
  readonly #limits: ValidatorApiLimits;

  constructor(failover: Failover, limits: ValidatorApiLimits) {
    this.#failover = failover;
    this.#limits = limits;
  }

  /** `POST /eth/v1/validator/duties/attester/{epoch}`: at most one epoch ahead. */
  attesterDuties(epoch: number, indices: readonly number[], call?: CallOptions): Promise<Duties<AttesterDuty>> {
    const path = `/eth/v1/validator/duties/attester/${epoch}`;
    return this.#post(`attester duties of epoch ${epoch}`, path, indices.map(String), readAttesterDuties, call);
  }

  /** `GET /eth/v1/validator/duties/proposer/{epoch}`. */
  proposerDuties(epoch: number, call?: CallOptions): Promise<Duties<ProposerDuty>> {
    const path = `/eth/v1/validator/duties/proposer/${epoch}`;
    return this.#get(`proposer duties of epoch ${epoch}`, path, readProposerDuties, call);
  }

  /** `POST /eth/v1/validator/duties/sync/{epoch}`; only of validators in that epoch's sync committee. */
  syncDuties(epoch: number, indices: readonly number[], call?: CallOptions): Promise<SyncDuty[]> {
    const path = `/eth/v1/validator/duties/sync/${epoch}`;
    return this.#post(`sync duties of epoch ${epoch}`, path, indices.map(String), readSyncDuties, call);
  }

  /** `GET /eth/v1/validator/attestation_data`: the vote to sign. Since Electra the committee is not part of it (0). */
  attestationData(slot: number, committeeIndex = 0, call?: CallOptions): Promise<phase0.AttestationData> {
    const path = `/eth/v1/validator/attestation_data?slot=${slot}&committee_index=${committeeIndex}`;
    return this.#get('attestation data', path, (answer, node) => readAttestationData(answer, slot, node), call);
  }

  /** `GET /eth/v2/validator/aggregate_attestation`: of one committee, for one vote; 404 when the node has none. */
  aggregateAttestation(
    asked: { readonly slot: number; readonly committeeIndex: number; readonly dataRoot: Uint8Array },
    call?: CallOptions,
  ): Promise<electra.Attestation> {
    const { slot, committeeIndex, dataRoot } = asked;
    const query = `attestation_data_root=${toHex(dataRoot)}&slot=${slot}&committee_index=${committeeIndex}`;
    return this.#get(
      'an aggregate',
      `/eth/v2/validator/aggregate_attestation?${query}`,
      (answer, node) => {
        asStateFork(answer.get('version').text());
        const aggregate = readSsz<electra.Attestation>(answer.get('data'), ssz.electra.Attestation, node);
        const root = ssz.phase0.AttestationData.hashTreeRoot(aggregate.data);
        requireAsked('the vote of an aggregate', dataRoot, root, node);
        return aggregate;
      },
      call,
    );
  }

  /** `GET /eth/v1/validator/sync_committee_contribution`; 404 when the node has no message of the subcommittee. */
  syncCommitteeContribution(
    asked: { readonly slot: number; readonly subcommitteeIndex: number; readonly beaconBlockRoot: Uint8Array },
    call?: CallOptions,
  ): Promise<altair.SyncCommitteeContribution> {
    const { slot, subcommitteeIndex, beaconBlockRoot } = asked;
    const query = `slot=${slot}&subcommittee_index=${subcommitteeIndex}&beacon_block_root=${toHex(beaconBlockRoot)}`;
    return this.#get(
      'a sync contribution',
      `/eth/v1/validator/sync_committee_contribution?${query}`,
      (answer, node) => {
        const type = ssz.altair.SyncCommitteeContribution;
        const contribution = readSsz<altair.SyncCommitteeContribution>(answer.get('data'), type, node);
        requireAsked('the slot of a contribution', slot, contribution.slot, node);
        requireAsked('the subcommittee of a contribution', subcommitteeIndex, contribution.subcommitteeIndex, node);
        requireAsked('the block of a contribution', beaconBlockRoot, contribution.beaconBlockRoot, node);
        return contribution;
      },
      call,
    );
  }

  /** `GET /eth/v3/validator/blocks/{slot}`: an unblinded block to sign. */
  produceBlock(parameters: ProduceBlockParameters, call?: CallOptions): Promise<ProducedBlock> {
    const { slot, randaoReveal, graffiti, builderBoostFactor = 0n } = parameters;
    const query = new URLSearchParams({ randao_reveal: toHex(randaoReveal) });
    if (graffiti) query.set('graffiti', toHex(graffiti));
    query.set('builder_boost_factor', String(builderBoostFactor));
    const path = `/eth/v3/validator/blocks/${slot}?${query}`;
    const request = { ...this.#request(path, call), accept: 'ssz' as const, bytesMax: this.#limits.blockBytesMax };
    return this.#failover.ask(`a block for slot ${slot}`, request, (response) => readProducedBlock(response, slot));
  }

  /** `POST /eth/v2/beacon/blocks`, as SSZ, and as JSON to nodes that take no SSZ. */
  async publishBlock(block: BlockToPublish, call?: CallOptions): Promise<void> {
    const { ssz: bytes, json } = encodeBlock(block);
    const headers = { 'Eth-Consensus-Version': block.fork };
    const send = (body: unknown): Promise<void> =>
      this.#post('publishing a block', '/eth/v2/beacon/blocks', body, undefined, call, headers);
    try {
      await send(bytes);
    } catch (error) {
      if (!(error instanceof BeaconHttpError && error.status === 415)) throw error;
      await send(json);
    }
  }

  /** `POST /eth/v2/beacon/pool/attestations`, in the form since Electra. */
  submitAttestations(fork: StateFork, list: readonly electra.SingleAttestation[], call?: CallOptions): Promise<void> {
    return this.#publish('/eth/v2/beacon/pool/attestations', ssz.electra.SingleAttestation, list, call, fork);
  }

  /** `POST /eth/v2/validator/aggregate_and_proofs`, in the form since Electra. */
  publishAggregates(
    fork: StateFork,
    list: readonly electra.SignedAggregateAndProof[],
    call?: CallOptions,
  ): Promise<void> {
    const type = ssz.electra.SignedAggregateAndProof;
    return this.#publish('/eth/v2/validator/aggregate_and_proofs', type, list, call, fork);
  }

  /** `POST /eth/v1/beacon/pool/sync_committees`. */
  submitSyncCommitteeMessages(list: readonly altair.SyncCommitteeMessage[], call?: CallOptions): Promise<void> {
    return this.#publish('/eth/v1/beacon/pool/sync_committees', ssz.altair.SyncCommitteeMessage, list, call);
  }

  /** `POST /eth/v1/validator/contribution_and_proofs`. */
  publishContributions(list: readonly altair.SignedContributionAndProof[], call?: CallOptions): Promise<void> {
    const type = ssz.altair.SignedContributionAndProof;
    return this.#publish('/eth/v1/validator/contribution_and_proofs', type, list, call);
  }

  /** `POST /eth/v1/validator/register_validator`. */
  registerValidators(list: readonly bellatrix.SignedValidatorRegistrationV1[], call?: CallOptions): Promise<void> {
    const type = ssz.bellatrix.SignedValidatorRegistrationV1;
    return this.#publish('/eth/v1/validator/register_validator', type, list, call);
  }

  /** `POST /eth/v1/validator/prepare_beacon_proposer`: where the fees of blocks that the node makes go. */
  prepareProposers(
    list: readonly { readonly validatorIndex: number; readonly feeRecipient: Hex }[],
    call?: CallOptions,
  ): Promise<void> {
    const body = list.map(({ validatorIndex, feeRecipient }) => ({
      validator_index: String(validatorIndex),
      fee_recipient: feeRecipient,
    }));
    return this.#post('preparing proposers', '/eth/v1/validator/prepare_beacon_proposer', body, undefined, call);
  }

  /** `POST /eth/v1/validator/beacon_committee_subscriptions`. */
  subscribeCommittees(list: readonly CommitteeSubscription[], call?: CallOptions): Promise<void> {
    const body = list.map((one) => ({
      validator_index: String(one.validatorIndex),
      committee_index: String(one.committeeIndex),
      committees_at_slot: String(one.committeesAtSlot),
      slot: String(one.slot),
      is_aggregator: one.isAggregator,
    }));
    const path = '/eth/v1/validator/beacon_committee_subscriptions';
    return this.#post('committee subscriptions', path, body, undefined, call);
  }

  /** `POST /eth/v1/validator/sync_committee_subscriptions`. */
  subscribeSyncCommittees(list: readonly SyncSubscription[], call?: CallOptions): Promise<void> {
    const body = list.map((one) => ({
      validator_index: String(one.validatorIndex),
      sync_committee_indices: one.syncCommitteeIndices.map(String),
      until_epoch: String(one.untilEpoch),
    }));
    const path = '/eth/v1/validator/sync_committee_subscriptions';
    return this.#post('sync committee subscriptions', path, body, undefined, call);
  }

  /** `POST /eth/v1/validator/liveness/{epoch}`: who was seen at work. Nodes know the current epoch and the one before. */
  liveness(epoch: number, indices: readonly number[], call?: CallOptions): Promise<Liveness[]> {
    const path = `/eth/v1/validator/liveness/${epoch}`;
    return this.#post(`liveness in epoch ${epoch}`, path, indices.map(String), readLiveness, call);
  }

  /** `GET /eth/v1/node/syncing`. */
  syncing(call?: CallOptions): Promise<SyncingStatus> {
    return this.#get('sync status', '/eth/v1/node/syncing', readSyncing, call);
  }

  /** `GET /eth/v1/node/version`. */
  version(call?: CallOptions): Promise<string> {
    return this.#get('the version', '/eth/v1/node/version', (a) => a.get('data').get('version').text(), call);
  }

  #publish<T>(
    path: string,
    type: CompositeTypeAny,
    list: readonly T[],
    call: CallOptions | undefined,
    fork?: StateFork,
  ): Promise<void> {
    const body = list.map((value) => type.toJson(value));
    return this.#post(path, path, body, undefined, call, fork ? { 'Eth-Consensus-Version': fork } : {});
  }

  #get<T>(what: string, path: string, read: (answer: Answer, node: string) => T, call?: CallOptions): Promise<T> {
    return this.#failover.ask(what, this.#request(path, call), ({ bytes, node }) =>
      read(Answer.parse(bytes, node.name), node.name),
    );
  }

  #post<T = void>(
    what: string,
    path: string,
    body: unknown,
    read?: (answer: Answer) => T,
    call?: CallOptions,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const request: BeaconRequest = { ...this.#request(path, call), method: 'POST', body, headers };
    return this.#failover.ask(what, request, ({ bytes, node }) =>
      read ? read(Answer.parse(bytes, node.name)) : (undefined as T),
    );
  }

  #request(path: string, call: CallOptions | undefined): BeaconRequest {
    const { timeoutMs, jsonBytesMax } = this.#limits;
    return {
      method: 'GET',
      path,
      accept: 'json',
      bytesMax: jsonBytesMax,
      timeoutMs: call?.timeoutMs ?? timeoutMs,
      signal: call?.signal,
    };
  }
}

import { blockTypeOf, type StateFork } from '@holdfast/beacon';
import { type Pubkey, toHex } from '@holdfast/units';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_APPLICATION_BUILDER,
  DOMAIN_BEACON_ATTESTER,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  DOMAIN_VOLUNTARY_EXIT,
} from '@lodestar/params';
import { type altair, type BeaconBlock, type bellatrix, type electra, type phase0, ssz } from '@lodestar/types';
import type { Chain } from '../chain.ts';
import type { SigningTask } from './ports.ts';

/** Each object that a validator signs, as a task: its signing root, and the request that a signer checks it by. */
export class Tasks {
  readonly #chain: Chain;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  attestation(pubkey: Pubkey, data: phase0.AttestationData): SigningTask {
    const root = ssz.phase0.AttestationData.hashTreeRoot(data);
    const attestation = ssz.phase0.AttestationData.toJson(data);
    return this.#task(
      'ATTESTATION',
      pubkey,
      data.slot,
      root,
      DOMAIN_BEACON_ATTESTER,
      { attestation },
      data.target.epoch,
    );
  }

  selectionProof(pubkey: Pubkey, slot: number): SigningTask {
    const root = ssz.Slot.hashTreeRoot(slot);
    const object = { aggregation_slot: { slot: String(slot) } };
    return this.#task('AGGREGATION_SLOT', pubkey, slot, root, DOMAIN_SELECTION_PROOF, object);
  }

  aggregateAndProof(pubkey: Pubkey, message: electra.AggregateAndProof): SigningTask {
    const { slot } = message.aggregate.data;
    const root = ssz.electra.AggregateAndProof.hashTreeRoot(message);
    const version = this.#chain.forkAt(slot) === 'electra' ? 'ELECTRA' : 'FULU';
    const object = { aggregate_and_proof: { version, data: ssz.electra.AggregateAndProof.toJson(message) } };
    return this.#task('AGGREGATE_AND_PROOF_V2', pubkey, slot, root, DOMAIN_AGGREGATE_AND_PROOF, object);
  }

  randaoReveal(pubkey: Pubkey, slot: number): SigningTask {
    const epoch = this.#chain.epochOf(slot);
    const object = { randao_reveal: { epoch: String(epoch) } };
    return this.#task('RANDAO_REVEAL', pubkey, slot, ssz.Epoch.hashTreeRoot(epoch), DOMAIN_RANDAO, object);
  }

  block(pubkey: Pubkey, fork: StateFork, block: BeaconBlock): SigningTask {
    const type = blockTypeOf(fork) as typeof ssz.fulu.BeaconBlock;
    const header = {
      slot: String(block.slot),
      proposer_index: String(block.proposerIndex),
      parent_root: toHex(block.parentRoot),
      state_root: toHex(block.stateRoot),
      body_root: toHex(type.fields.body.hashTreeRoot(block.body as never)),
    };
    const object = { beacon_block: { version: fork.toUpperCase(), block_header: header } };
    const root = type.hashTreeRoot(block as never);
    return this.#task('BLOCK_V2', pubkey, block.slot, root, DOMAIN_BEACON_PROPOSER, object);
  }

  syncMessage(pubkey: Pubkey, slot: number, beaconBlockRoot: Uint8Array): SigningTask {
    const object = { sync_committee_message: { beacon_block_root: toHex(beaconBlockRoot), slot: String(slot) } };
    return this.#task('SYNC_COMMITTEE_MESSAGE', pubkey, slot, beaconBlockRoot, DOMAIN_SYNC_COMMITTEE, object);
  }

  syncSelectionProof(pubkey: Pubkey, slot: number, subcommitteeIndex: number): SigningTask {
    const root = ssz.altair.SyncAggregatorSelectionData.hashTreeRoot({ slot, subcommitteeIndex });
    const data = { slot: String(slot), subcommittee_index: String(subcommitteeIndex) };
    const object = { sync_aggregator_selection_data: data };
    const domain = DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF;
    return this.#task('SYNC_COMMITTEE_SELECTION_PROOF', pubkey, slot, root, domain, object);
  }

  contributionAndProof(pubkey: Pubkey, message: altair.ContributionAndProof): SigningTask {
    const root = ssz.altair.ContributionAndProof.hashTreeRoot(message);
    const object = { contribution_and_proof: ssz.altair.ContributionAndProof.toJson(message) };
    const { slot } = message.contribution;
    const domain = DOMAIN_CONTRIBUTION_AND_PROOF;
    return this.#task('SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF', pubkey, slot, root, domain, object);
  }

  registration(pubkey: Pubkey, slot: number, message: bellatrix.ValidatorRegistrationV1): SigningTask {
    const root = ssz.bellatrix.ValidatorRegistrationV1.hashTreeRoot(message);
    const signingRoot = this.#chain.builderSigningRoot(root, DOMAIN_APPLICATION_BUILDER);
    const validator_registration = ssz.bellatrix.ValidatorRegistrationV1.toJson(message);
    const request = { type: 'VALIDATOR_REGISTRATION', signingRoot: toHex(signingRoot), validator_registration };
    return { pubkey, slot, signingRoot, request };
  }

  voluntaryExit(pubkey: Pubkey, slot: number, message: phase0.VoluntaryExit): SigningTask {
    const root = ssz.phase0.VoluntaryExit.hashTreeRoot(message);
    const signingRoot = this.#chain.exitSigningRoot(root, DOMAIN_VOLUNTARY_EXIT);
    const request = {
      type: 'VOLUNTARY_EXIT',
      fork_info: this.#chain.exitForkInfo(),
      signingRoot: toHex(signingRoot),
      voluntary_exit: ssz.phase0.VoluntaryExit.toJson(message),
    };
    return { pubkey, slot, signingRoot, request };
  }

  #task(
    type: string,
    pubkey: Pubkey,
    slot: number,
    root: Uint8Array,
    domain: Uint8Array,
    object: Readonly<Record<string, unknown>>,
    epoch = this.#chain.epochOf(slot),
  ): SigningTask {
    const signingRoot = this.#chain.signingRoot(root, domain, epoch);
    const request = { type, fork_info: this.#chain.forkInfo(epoch), signingRoot: toHex(signingRoot), ...object };
    return { pubkey, slot, signingRoot, request };
  }
}

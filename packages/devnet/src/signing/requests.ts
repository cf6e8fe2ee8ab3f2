import { fromHex, type Hex, toHex } from '@holdfast/units';
import type { BeaconConfig } from '@lodestar/config';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_DEPOSIT,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  type ForkName,
} from '@lodestar/params';
import {
  computeDomain,
  computeEpochAtSlot,
  computeSigningRoot,
  getAttestationDataSigningRoot,
} from '@lodestar/state-transition';
import { type altair, type electra, type phase0, ssz } from '@lodestar/types';
import type { DutyRequest } from './port.ts';

// Every object that a validator signs, as a request to a signer. Signing roots are those of the specs' validator guides:
// https://github.com/ethereum/consensus-specs/blob/master/specs/phase0/validator.md and its successors.

export function attestationRequest(config: BeaconConfig, data: phase0.AttestationData): DutyRequest {
  return {
    type: 'ATTESTATION',
    forkInfo: forkInfoAt(config, data.slot),
    object: { attestation: ssz.phase0.AttestationData.toJson(data) },
    signingRoot: getAttestationDataSigningRoot(config, data.slot, data),
  };
}

/** Blocks are signed by their headers, whose root is the block's. */
export function blockRequest(config: BeaconConfig, header: phase0.BeaconBlockHeader): DutyRequest {
  const type = ssz.phase0.BeaconBlockHeader;
  const { slot } = header;
  return {
    type: 'BLOCK_V2',
    forkInfo: forkInfoAt(config, slot),
    object: { beacon_block: { version: versionAt(config, slot), block_header: type.toJson(header) } },
    signingRoot: computeSigningRoot(type, header, config.getDomain(slot, DOMAIN_BEACON_PROPOSER)),
  };
}

export function randaoRequest(config: BeaconConfig, slot: number): DutyRequest {
  const epoch = computeEpochAtSlot(slot);
  return {
    type: 'RANDAO_REVEAL',
    forkInfo: forkInfoAt(config, slot),
    object: { randao_reveal: { epoch: String(epoch) } },
    signingRoot: computeSigningRoot(ssz.Epoch, epoch, config.getDomain(slot, DOMAIN_RANDAO)),
  };
}

export function aggregationSlotRequest(config: BeaconConfig, slot: number): DutyRequest {
  return {
    type: 'AGGREGATION_SLOT',
    forkInfo: forkInfoAt(config, slot),
    object: { aggregation_slot: { slot: String(slot) } },
    signingRoot: computeSigningRoot(ssz.Slot, slot, config.getDomain(slot, DOMAIN_SELECTION_PROOF)),
  };
}

export function aggregateAndProofRequest(config: BeaconConfig, message: electra.AggregateAndProof): DutyRequest {
  const type = ssz.electra.AggregateAndProof;
  const { slot } = message.aggregate.data;
  return {
    type: 'AGGREGATE_AND_PROOF_V2',
    forkInfo: forkInfoAt(config, slot),
    object: { aggregate_and_proof: { version: versionAt(config, slot), data: type.toJson(message) } },
    signingRoot: computeSigningRoot(type, message, config.getDomain(slot, DOMAIN_AGGREGATE_AND_PROOF)),
  };
}

export function syncMessageRequest(config: BeaconConfig, slot: number, beaconBlockRoot: Uint8Array): DutyRequest {
  return {
    type: 'SYNC_COMMITTEE_MESSAGE',
    forkInfo: forkInfoAt(config, slot),
    object: { sync_committee_message: { beacon_block_root: toHex(beaconBlockRoot), slot: String(slot) } },
    signingRoot: computeSigningRoot(ssz.Root, beaconBlockRoot, config.getDomain(slot, DOMAIN_SYNC_COMMITTEE)),
  };
}

export function syncSelectionRequest(config: BeaconConfig, slot: number, subcommitteeIndex: number): DutyRequest {
  const type = ssz.altair.SyncAggregatorSelectionData;
  const data = { slot, subcommitteeIndex };
  return {
    type: 'SYNC_COMMITTEE_SELECTION_PROOF',
    forkInfo: forkInfoAt(config, slot),
    object: { sync_aggregator_selection_data: type.toJson(data) },
    signingRoot: computeSigningRoot(type, data, config.getDomain(slot, DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF)),
  };
}

export function contributionRequest(config: BeaconConfig, message: altair.ContributionAndProof): DutyRequest {
  const type = ssz.altair.ContributionAndProof;
  const { slot } = message.contribution;
  return {
    type: 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF',
    forkInfo: forkInfoAt(config, slot),
    object: { contribution_and_proof: type.toJson(message) },
    signingRoot: computeSigningRoot(type, message, config.getDomain(slot, DOMAIN_CONTRIBUTION_AND_PROOF)),
  };
}

/** EIP-7044: exits are signed for Capella for ever, so Capella's version stands in both places of the fork. */
export function exitRequest(config: BeaconConfig, slot: number, message: phase0.VoluntaryExit): DutyRequest {
  const type = ssz.phase0.VoluntaryExit;
  const capella = toHex(config.CAPELLA_FORK_VERSION);
  return {
    type: 'VOLUNTARY_EXIT',
    forkInfo: {
      fork: { previousVersion: capella, currentVersion: capella, epoch: config.CAPELLA_FORK_EPOCH },
      genesisValidatorsRoot: toHex(config.genesisValidatorsRoot),
    },
    object: { voluntary_exit: type.toJson(message) },
    signingRoot: computeSigningRoot(type, message, config.getDomainForVoluntaryExit(slot)),
  };
}

export function depositRequest(message: phase0.DepositMessage, genesisForkVersion: Hex): DutyRequest {
  const domain = computeDomain(DOMAIN_DEPOSIT, fromHex(genesisForkVersion, 4), new Uint8Array(32));
  const json = ssz.phase0.DepositMessage.toJson(message) as Record<string, unknown>;
  return {
    type: 'DEPOSIT',
    object: { deposit: { ...json, genesis_fork_version: genesisForkVersion } },
    signingRoot: computeSigningRoot(ssz.phase0.DepositMessage, message, domain),
  };
}

function forkInfoAt(config: BeaconConfig, slot: number): NonNullable<DutyRequest['forkInfo']> {
  const { prevVersion, version, epoch } = config.getForkInfo(slot);
  return {
    fork: { previousVersion: toHex(prevVersion), currentVersion: toHex(version), epoch },
    genesisValidatorsRoot: toHex(config.genesisValidatorsRoot),
  };
}

function versionAt(config: BeaconConfig, slot: number): string {
  const name: ForkName = config.getForkName(slot);
  return name.toUpperCase();
}

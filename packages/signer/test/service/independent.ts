import type { Type } from '@chainsafe/ssz';
import { fromHex } from '@holdfast/units';
import {
  DOMAIN_AGGREGATE_AND_PROOF,
  DOMAIN_APPLICATION_BUILDER,
  DOMAIN_BEACON_ATTESTER,
  DOMAIN_BEACON_PROPOSER,
  DOMAIN_CONTRIBUTION_AND_PROOF,
  DOMAIN_DEPOSIT,
  DOMAIN_RANDAO,
  DOMAIN_SELECTION_PROOF,
  DOMAIN_SYNC_COMMITTEE,
  DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF,
  DOMAIN_VOLUNTARY_EXIT,
  SLOTS_PER_EPOCH,
} from '@lodestar/params';
import { computeDomain, computeSigningRoot } from '@lodestar/state-transition';
import { ssz } from '@lodestar/types';
import type { Fork } from '../../src/requests/types.ts';
import { type Json, NETWORK } from '../requests-kit.ts';
import { widened } from './widened.ts';

/** What any request means to Lodestar: the signing root of its object, read by Lodestar's own types. */
export function independentRootOf(body: Json): Uint8Array {
  const type = (body.type as string).toUpperCase();
  const field = (name: string): Json => body[name] as Json;
  const at = (domain: Uint8Array, epoch: unknown) => domainIn(body, domain, BigInt(epoch as string));
  const atSlot = (domain: Uint8Array, slot: unknown) => at(domain, BigInt(slot as string) / BigInt(SLOTS_PER_EPOCH));
  switch (type) {
    case 'BLOCK':
      return rootOf(ssz.phase0.BeaconBlock, field('block'), atSlot(DOMAIN_BEACON_PROPOSER, field('block').slot));
    case 'BLOCK_V2': {
      const { version, block, block_header: header } = field('beacon_block') as Record<string, Json | null>;
      const object = block ?? header!;
      const blockType = ssz[forkOf(version)].BeaconBlock;
      return rootOf(
        block ? blockType : ssz.phase0.BeaconBlockHeader,
        object,
        atSlot(DOMAIN_BEACON_PROPOSER, object.slot),
      );
    }
    case 'ATTESTATION': {
      const data = field('attestation');
      return rootOf(ssz.phase0.AttestationData, data, at(DOMAIN_BEACON_ATTESTER, (data.target as Json).epoch));
    }
    case 'AGGREGATION_SLOT': {
      const { slot } = field('aggregation_slot');
      return rootOf(ssz.Slot, slot, atSlot(DOMAIN_SELECTION_PROOF, slot));
    }
    case 'AGGREGATE_AND_PROOF':
    case 'AGGREGATE_AND_PROOF_V2': {
      const sent = field('aggregate_and_proof');
      const message = (type === 'AGGREGATE_AND_PROOF' ? sent : sent.data) as { aggregate: { data: Json } };
      const fork = type === 'AGGREGATE_AND_PROOF' ? 'phase0' : forkOf(sent.version);
      const domain = atSlot(DOMAIN_AGGREGATE_AND_PROOF, message.aggregate.data.slot);
      return rootOf(ssz[fork].AggregateAndProof, message, domain);
    }
    case 'RANDAO_REVEAL': {
      const { epoch } = field('randao_reveal');
      return rootOf(ssz.Epoch, epoch, at(DOMAIN_RANDAO, epoch));
    }
    case 'SYNC_COMMITTEE_MESSAGE': {
      const { slot, beacon_block_root: root } = field('sync_committee_message');
      return rootOf(ssz.Root, root, atSlot(DOMAIN_SYNC_COMMITTEE, slot));
    }
    case 'SYNC_COMMITTEE_SELECTION_PROOF': {
      const data = field('sync_aggregator_selection_data');
      const domain = atSlot(DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF, data.slot);
      return rootOf(ssz.altair.SyncAggregatorSelectionData, data, domain);
    }
    case 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF': {
      const message = field('contribution_and_proof') as { contribution: Json };
      const domain = atSlot(DOMAIN_CONTRIBUTION_AND_PROOF, message.contribution.slot);
      return rootOf(ssz.altair.ContributionAndProof, message, domain);
    }
    default:
      return rootOfFixedDomain(type, body);
  }
}

/** Of what is signed under one domain whatever the epoch. */
function rootOfFixedDomain(type: string, body: Json): Uint8Array {
  const zero = new Uint8Array(32);
  if (type === 'DEPOSIT') {
    const { genesis_fork_version: version, ...message } = body.deposit as Json;
    return rootOf(ssz.phase0.DepositMessage, message, computeDomain(DOMAIN_DEPOSIT, fromHex(version as string), zero));
  }
  if (type === 'VOLUNTARY_EXIT') {
    const { capellaForkVersion, genesisValidatorsRoot } = NETWORK;
    const domain = computeDomain(DOMAIN_VOLUNTARY_EXIT, fromHex(capellaForkVersion!), fromHex(genesisValidatorsRoot));
    return rootOf(ssz.phase0.VoluntaryExit, body.voluntary_exit, domain);
  }
  const domain = computeDomain(DOMAIN_APPLICATION_BUILDER, fromHex(NETWORK.genesisForkVersion), zero);
  return rootOf(ssz.bellatrix.ValidatorRegistrationV1, body.validator_registration, domain);
}

const forkOf = (version: unknown): Fork => (version as string).toLowerCase() as Fork;

function rootOf(type: Type<unknown>, json: unknown, domain: Uint8Array): Uint8Array {
  const wide = widened(type);
  return computeSigningRoot(wide, wide.fromJson(json), domain);
}

function domainIn(body: Json, type: Uint8Array, epoch: bigint): Uint8Array {
  const { fork, genesis_validators_root: root } = body.fork_info as { fork: Json; genesis_validators_root: string };
  const version = epoch < BigInt(fork.epoch as string) ? fork.previous_version : fork.current_version;
  return computeDomain(type, fromHex(version as string), fromHex(root));
}

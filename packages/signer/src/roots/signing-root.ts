import type { Hex, Root } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import {
  AggregateAndProofType,
  ContributionAndProofType,
  ElectraAggregateAndProofType,
  GloasAggregateAndProofType,
} from '../requests/schemas.ts';
import type {
  AggregateRequest,
  AttestationData,
  AttestationRequest,
  BlockHeader,
  SignRequest,
} from '../requests/types.ts';
import { domainOf, versionAt, ZERO_ROOT } from './domains.ts';
import { bytes48Root, containerRoot, hashPair, uint64Root } from './merkle.ts';

/** What of the network a signing root depends on beyond the request. */
export interface Network {
  /** The chain that slashing protection is bound to. */
  readonly genesisValidatorsRoot: Root;
  /** 4 bytes; signs validator registrations (builder-specs). Mainnet 0x00000000, Hoodi 0x10000910; devnets differ. */
  readonly genesisForkVersion: Hex;
  /**
   * 4 bytes; signs voluntary exits whatever fork the client names: from Deneb on that is the rule (EIP-7044), and such
   * an exit stays valid for good. Null where it is not known: then the version is taken from `fork_info` as for any
   * other message, which is right only for a client that sends Capella's there.
   */
  readonly capellaForkVersion: Hex | null;
}

/** `compute_signing_root`: the root of what was asked to be signed, under its domain. Never what the client says it is. */
export function signingRootOf(request: SignRequest, network: Network): Uint8Array {
  return request.type === 'ATTESTATION'
    ? attestationSigningRoot(request)
    : hashPair(objectRoot(request), requestDomain(request, network));
}

const epochOf = (slot: bigint): bigint => slot / BigInt(SLOTS_PER_EPOCH);

function requestDomain(request: SignRequest, network: Network): Uint8Array {
  const { type } = request;
  if (type === 'DEPOSIT') return domainOf(type, request.genesisForkVersion, ZERO_ROOT);
  if (type === 'VALIDATOR_REGISTRATION') return domainOf(type, network.genesisForkVersion, ZERO_ROOT);
  const { fork } = request;
  const version =
    type === 'VOLUNTARY_EXIT' && network.capellaForkVersion !== null
      ? network.capellaForkVersion
      : versionAt(fork, domainEpoch(request));
  return domainOf(type, version, fork.genesisValidatorsRoot);
}

/** The epoch that each message belongs to (consensus-specs, `validator.md` of phase 0 and Altair). */
function domainEpoch(request: Exclude<SignRequest, { type: 'DEPOSIT' | 'VALIDATOR_REGISTRATION' }>): bigint {
  switch (request.type) {
    case 'BLOCK':
    case 'BLOCK_V2':
      return epochOf(request.header.slot);
    case 'ATTESTATION':
      return request.data.target.epoch;
    case 'AGGREGATE_AND_PROOF':
    case 'AGGREGATE_AND_PROOF_V2':
      return epochOf(request.message.aggregate.data.slot);
    case 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF':
      return epochOf(request.message.contribution.slot);
    case 'RANDAO_REVEAL':
    case 'VOLUNTARY_EXIT':
      return request.epoch;
    case 'AGGREGATION_SLOT':
    case 'SYNC_COMMITTEE_MESSAGE':
    case 'SYNC_COMMITTEE_SELECTION_PROOF':
      return epochOf(request.slot);
  }
}

function objectRoot(request: SignRequest): Uint8Array {
  switch (request.type) {
    case 'BLOCK':
    case 'BLOCK_V2':
      return headerRoot(request.header);
    case 'ATTESTATION':
      return attestationDataRoot(request.data);
    case 'AGGREGATION_SLOT':
      return uint64Root(request.slot);
    case 'AGGREGATE_AND_PROOF':
    case 'AGGREGATE_AND_PROOF_V2':
      return aggregateRoot(request);
    case 'DEPOSIT':
      return containerRoot([bytes48Root(request.pubkey), request.withdrawalCredentials, request.amount]);
    case 'RANDAO_REVEAL':
      return uint64Root(request.epoch);
    case 'VOLUNTARY_EXIT':
      return containerRoot([request.epoch, request.validatorIndex]);
    case 'SYNC_COMMITTEE_MESSAGE':
      // The message signed is the block root alone.
      return request.beaconBlockRoot;
    case 'SYNC_COMMITTEE_SELECTION_PROOF':
      return containerRoot([request.slot, request.subcommitteeIndex]);
    case 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF':
      return ContributionAndProofType.hashTreeRoot(request.message);
    case 'VALIDATOR_REGISTRATION':
      return containerRoot([request.feeRecipient, request.gasLimit, request.timestamp, bytes48Root(request.pubkey)]);
  }
}

function aggregateRoot(request: AggregateRequest): Uint8Array {
  if (request.form === 'phase0') return AggregateAndProofType.hashTreeRoot(request.message);
  const type = request.form === 'electra' ? ElectraAggregateAndProofType : GloasAggregateAndProofType;
  return type.hashTreeRoot(request.message);
}

const headerRoot = (header: BlockHeader): Uint8Array =>
  containerRoot([header.slot, header.proposerIndex, header.parentRoot, header.stateRoot, header.bodyRoot]);

function attestationDataRoot({ slot, index, beaconBlockRoot, source, target }: AttestationData): Uint8Array {
  const sourceRoot = containerRoot([source.epoch, source.root]);
  const targetRoot = containerRoot([target.epoch, target.root]);
  return containerRoot([slot, index, beaconBlockRoot, sourceRoot, targetRoot]);
}

// Since EIP-7549 all attesters of a slot that see the same head sign the very same data, so a slot's burst asks for one
// root thousands of times. The last one is kept beside the exact bytes that it was made from.
const current = Buffer.alloc(160);
const last = { bytes: Buffer.alloc(160), root: null as Uint8Array | null };

function attestationSigningRoot({ data, fork }: AttestationRequest): Uint8Array {
  const domain = domainOf('ATTESTATION', versionAt(fork, data.target.epoch), fork.genesisValidatorsRoot);
  current.writeBigUInt64LE(data.slot, 0);
  current.writeBigUInt64LE(data.index, 8);
  current.writeBigUInt64LE(data.source.epoch, 16);
  current.writeBigUInt64LE(data.target.epoch, 24);
  current.set(data.beaconBlockRoot, 32);
  current.set(data.source.root, 64);
  current.set(data.target.root, 96);
  current.set(domain, 128);
  if (last.root !== null && current.equals(last.bytes)) return last.root.slice();
  const root = hashPair(attestationDataRoot(data), domain);
  current.copy(last.bytes);
  last.root = root.slice();
  return root;
}

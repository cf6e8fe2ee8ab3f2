import { BadRequestError } from '../errors.ts';
import { parseBlock, parseFork, parseProofs, parseVersionedBlock } from './blocks.ts';
import { decode } from './decode.ts';
import { bytes, fieldsOf, malformed, missing, optionalFieldsOf, root, shapeOf, text, uint64, version } from './read.ts';
import {
  AggregateAndProofType,
  ContributionAndProofType,
  ElectraAggregateAndProofType,
  GloasAggregateAndProofType,
} from './schemas.ts';
import {
  type AggregateRequest,
  type AttestationData,
  type Checkpoint,
  type ForkInfo,
  SIGN_TYPES,
  type SignRequest,
  type SignType,
} from './types.ts';

/** Where each type keeps its object. */
const OBJECT_OF = {
  BLOCK: 'block',
  BLOCK_V2: 'beacon_block',
  ATTESTATION: 'attestation',
  AGGREGATION_SLOT: 'aggregation_slot',
  AGGREGATE_AND_PROOF: 'aggregate_and_proof',
  AGGREGATE_AND_PROOF_V2: 'aggregate_and_proof',
  DEPOSIT: 'deposit',
  RANDAO_REVEAL: 'randao_reveal',
  VOLUNTARY_EXIT: 'voluntary_exit',
  SYNC_COMMITTEE_MESSAGE: 'sync_committee_message',
  SYNC_COMMITTEE_SELECTION_PROOF: 'sync_aggregator_selection_data',
  SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF: 'contribution_and_proof',
  VALIDATOR_REGISTRATION: 'validator_registration',
} as const satisfies Record<SignType, string>;

const TYPES = new Map<string, SignType>(SIGN_TYPES.map((type) => [type, type]));
const COMMON = ['type', 'signing_root', 'fork_info', 'proofs'] as const;
const BODY = shapeOf(...new Set<string>([...COMMON, ...Object.values(OBJECT_OF)]));
const FORK_INFO = shapeOf('fork', 'genesis_validators_root');
const FORK = shapeOf('previous_version', 'current_version', 'epoch');
const ATTESTATION = shapeOf('slot', 'index', 'beacon_block_root', 'source', 'target');
const CHECKPOINT = shapeOf('epoch', 'root');
const SLOT = shapeOf('slot');
const EPOCH = shapeOf('epoch');
const VERSIONED = shapeOf('version', 'data');
const DEPOSIT = shapeOf('pubkey', 'withdrawal_credentials', 'amount', 'genesis_fork_version');
const EXIT = shapeOf('epoch', 'validator_index');
const SYNC_MESSAGE = shapeOf('beacon_block_root', 'slot');
const SELECTION = shapeOf('slot', 'subcommittee_index');
const REGISTRATION = shapeOf('fee_recipient', 'gas_limit', 'timestamp', 'pubkey');

/**
 * Understands the body of a Web3Signer eth2 signing request, or says what is wrong with it and where.
 *
 * Strict inside every object: what the signature would not cover may not be there. Fields of the body itself that the
 * API does not know are passed over, as Web3Signer does, since clients add their own; a second object is refused.
 *
 * @param body what JSON.parse returned; anything else is refused too
 * @throws BadRequestError
 */
export function parseSignRequest(body: unknown): SignRequest {
  const found = optionalFieldsOf(BODY, body, '', 'ignore');
  const type = parseType(found[0]);
  const suppliedRoot = found[1] === undefined ? null : bytes(found[1], 'signing_root', 32);
  const name = OBJECT_OF[type];
  const object = found[BODY.places.get(name)!];
  if (object === undefined) throw missing(name);
  refuseOthers(found, type, name);
  const common = { suppliedRoot };
  if (type === 'DEPOSIT') return { type, ...common, ...parseDeposit(object, name) };
  if (type === 'VALIDATOR_REGISTRATION') return { type, ...common, ...parseRegistration(object, name) };
  return parseForked(type, object, name, { ...common, fork: parseForkInfo(found[2], 'fork_info') }, found[3]);
}

function parseType(value: unknown): SignType {
  if (value === undefined) throw missing('type');
  const type = TYPES.get(text(value, 'type').toUpperCase());
  if (!type) throw malformed('type', `one of ${SIGN_TYPES.join(', ')}`, value);
  return type;
}

/** A body with the objects of two types means nothing: the client is confused about what is being signed. */
function refuseOthers(found: readonly unknown[], type: SignType, name: string): void {
  for (let place = 3; place < BODY.names.length; place += 1) {
    const other = BODY.names[place]!;
    if (found[place] === undefined || other === name || (other === 'proofs' && type === 'BLOCK_V2')) continue;
    throw new BadRequestError(`${other} does not belong to a request of type ${type}`, {
      data: { path: other },
      fix: `Send ${name} alone`,
    });
  }
}

function parseForked(
  type: Exclude<SignType, 'DEPOSIT' | 'VALIDATOR_REGISTRATION'>,
  object: unknown,
  path: string,
  common: { readonly suppliedRoot: Uint8Array | null; readonly fork: ForkInfo },
  proofs: unknown,
): SignRequest {
  switch (type) {
    case 'BLOCK':
      return { type, ...common, version: 'phase0', header: parseBlock(object, path), proofs: [] };
    case 'BLOCK_V2':
      return {
        type,
        ...common,
        ...parseVersionedBlock(object, path),
        proofs: proofs === undefined ? [] : parseProofs(proofs, 'proofs'),
      };
    case 'ATTESTATION':
      return { type, ...common, data: parseAttestation(object, path) };
    case 'AGGREGATION_SLOT':
      return { type, ...common, slot: uint64(fieldsOf(SLOT, object, path)[0], `${path}.slot`) };
    case 'AGGREGATE_AND_PROOF':
      return { type, ...common, form: 'phase0', message: decode(AggregateAndProofType, object, path) };
    case 'AGGREGATE_AND_PROOF_V2':
      return parseVersionedAggregate({ type, ...common }, object, path);
    case 'RANDAO_REVEAL':
      return { type, ...common, epoch: uint64(fieldsOf(EPOCH, object, path)[0], `${path}.epoch`) };
    case 'VOLUNTARY_EXIT': {
      const [epoch, index] = fieldsOf(EXIT, object, path);
      const validatorIndex = uint64(index, `${path}.validator_index`);
      return { type, ...common, epoch: uint64(epoch, `${path}.epoch`), validatorIndex };
    }
    case 'SYNC_COMMITTEE_MESSAGE': {
      const [blockRoot, slot] = fieldsOf(SYNC_MESSAGE, object, path);
      const beaconBlockRoot = bytes(blockRoot, `${path}.beacon_block_root`, 32);
      return { type, ...common, slot: uint64(slot, `${path}.slot`), beaconBlockRoot };
    }
    case 'SYNC_COMMITTEE_SELECTION_PROOF': {
      const [slot, index] = fieldsOf(SELECTION, object, path);
      const subcommitteeIndex = uint64(index, `${path}.subcommittee_index`);
      return { type, ...common, slot: uint64(slot, `${path}.slot`), subcommitteeIndex };
    }
    case 'SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF':
      return { type, ...common, message: decode(ContributionAndProofType, object, path) };
  }
}

function parseForkInfo(value: unknown, path: string): ForkInfo {
  if (value === undefined) throw missing(path);
  const [fork, genesisValidatorsRoot] = fieldsOf(FORK_INFO, value, path);
  const [previous, current, epoch] = fieldsOf(FORK, fork, `${path}.fork`);
  return {
    previousVersion: version(previous, `${path}.fork.previous_version`),
    currentVersion: version(current, `${path}.fork.current_version`),
    epoch: uint64(epoch, `${path}.fork.epoch`),
    genesisValidatorsRoot: root(genesisValidatorsRoot, `${path}.genesis_validators_root`),
  };
}

function parseAttestation(value: unknown, path: string): AttestationData {
  const [slot, index, beaconBlockRoot, source, target] = fieldsOf(ATTESTATION, value, path);
  return {
    slot: uint64(slot, `${path}.slot`),
    index: uint64(index, `${path}.index`),
    beaconBlockRoot: bytes(beaconBlockRoot, `${path}.beacon_block_root`, 32),
    source: parseCheckpoint(source, `${path}.source`),
    target: parseCheckpoint(target, `${path}.target`),
  };
}

function parseCheckpoint(value: unknown, path: string): Checkpoint {
  const [epoch, blockRoot] = fieldsOf(CHECKPOINT, value, path);
  return { epoch: uint64(epoch, `${path}.epoch`), root: bytes(blockRoot, `${path}.root`, 32) };
}

function parseVersionedAggregate(
  common: { type: 'AGGREGATE_AND_PROOF_V2'; suppliedRoot: Uint8Array | null; fork: ForkInfo },
  value: unknown,
  path: string,
): AggregateRequest {
  const [name, data] = fieldsOf(VERSIONED, value, path);
  const fork = parseFork(name, `${path}.version`);
  const place = `${path}.data`;
  if (fork === 'gloas') return { ...common, form: 'gloas', message: decode(GloasAggregateAndProofType, data, place) };
  return fork === 'electra' || fork === 'fulu'
    ? { ...common, form: 'electra', message: decode(ElectraAggregateAndProofType, data, place) }
    : { ...common, form: 'phase0', message: decode(AggregateAndProofType, data, place) };
}

function parseDeposit(value: unknown, path: string) {
  const [pubkey, withdrawalCredentials, amount, genesisForkVersion] = fieldsOf(DEPOSIT, value, path);
  return {
    pubkey: bytes(pubkey, `${path}.pubkey`, 48),
    withdrawalCredentials: bytes(withdrawalCredentials, `${path}.withdrawal_credentials`, 32),
    amount: uint64(amount, `${path}.amount`),
    genesisForkVersion: version(genesisForkVersion, `${path}.genesis_fork_version`),
  };
}

function parseRegistration(value: unknown, path: string) {
  const [feeRecipient, gasLimit, timestamp, pubkey] = fieldsOf(REGISTRATION, value, path);
  return {
    feeRecipient: bytes(feeRecipient, `${path}.fee_recipient`, 20),
    gasLimit: uint64(gasLimit, `${path}.gas_limit`),
    timestamp: uint64(timestamp, `${path}.timestamp`),
    pubkey: bytes(pubkey, `${path}.pubkey`, 48),
  };
}

import {
  BitListType,
  BitVectorType,
  ByteVectorType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  ProgressiveBitListType,
  ProgressiveContainerType,
  UintBigintType,
  type ValueOf,
  VectorCompositeType,
} from '@chainsafe/ssz';
import {
  DEPOSIT_CONTRACT_TREE_DEPTH,
  MAX_ATTESTATIONS,
  MAX_ATTESTER_SLASHINGS,
  MAX_COMMITTEES_PER_SLOT,
  MAX_DEPOSITS,
  MAX_PROPOSER_SLASHINGS,
  MAX_VALIDATORS_PER_COMMITTEE,
  MAX_VOLUNTARY_EXITS,
  SYNC_COMMITTEE_SIZE,
  SYNC_COMMITTEE_SUBNET_COUNT,
} from '@lodestar/params';

// The containers of the consensus specs that vary in size, under their own names. Every number is the whole uint64:
// the types of @lodestar/types hold slots and indices as JavaScript numbers, which would round what lies above 2^53,
// and a signer that rounds signs what nobody asked for.

const uint64 = new UintBigintType(8);
const Bytes32 = new ByteVectorType(32);
const BLSPubkey = new ByteVectorType(48);
const BLSSignature = new ByteVectorType(96);

const Checkpoint = new ContainerType({ epoch: uint64, root: Bytes32 });
const AttestationData = new ContainerType({
  slot: uint64,
  index: uint64,
  beacon_block_root: Bytes32,
  source: Checkpoint,
  target: Checkpoint,
});

const Attestation = new ContainerType({
  aggregation_bits: new BitListType(MAX_VALIDATORS_PER_COMMITTEE),
  data: AttestationData,
  signature: BLSSignature,
});
/** EIP-7549: one attestation spans committees. */
const ElectraAttestation = new ContainerType({
  aggregation_bits: new BitListType(MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT),
  data: AttestationData,
  signature: BLSSignature,
  committee_bits: new BitVectorType(MAX_COMMITTEES_PER_SLOT),
});

/** EIP-7688: the fields of Electra's, under a root that stays put when fields are added. */
const GloasAttestation = new ProgressiveContainerType(
  {
    aggregation_bits: new ProgressiveBitListType({ limit: MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT }),
    data: AttestationData,
    signature: BLSSignature,
    committee_bits: new BitVectorType(MAX_COMMITTEES_PER_SLOT),
  },
  [true, true, true, true],
);

/** Phase 0 to Deneb. */
export const AggregateAndProofType = new ContainerType({
  aggregator_index: uint64,
  aggregate: Attestation,
  selection_proof: BLSSignature,
});
export type AggregateAndProof = ValueOf<typeof AggregateAndProofType>;

/** Electra and Fulu. */
export const ElectraAggregateAndProofType = new ContainerType({
  aggregator_index: uint64,
  aggregate: ElectraAttestation,
  selection_proof: BLSSignature,
});
export type ElectraAggregateAndProof = ValueOf<typeof ElectraAggregateAndProofType>;

/** From Gloas on. In JSON and in memory it looks like Electra's; only the root differs. */
export const GloasAggregateAndProofType = new ContainerType({
  aggregator_index: uint64,
  aggregate: GloasAttestation,
  selection_proof: BLSSignature,
});

export const ContributionAndProofType = new ContainerType({
  aggregator_index: uint64,
  contribution: new ContainerType({
    slot: uint64,
    beacon_block_root: Bytes32,
    subcommittee_index: uint64,
    aggregation_bits: new BitVectorType(SYNC_COMMITTEE_SIZE / SYNC_COMMITTEE_SUBNET_COUNT),
    signature: BLSSignature,
  }),
  selection_proof: BLSSignature,
});
export type ContributionAndProof = ValueOf<typeof ContributionAndProofType>;

const BeaconBlockHeader = new ContainerType({
  slot: uint64,
  proposer_index: uint64,
  parent_root: Bytes32,
  state_root: Bytes32,
  body_root: Bytes32,
});
const SignedBeaconBlockHeader = new ContainerType({ message: BeaconBlockHeader, signature: BLSSignature });
const IndexedAttestation = new ContainerType({
  attesting_indices: new ListBasicType(uint64, MAX_VALIDATORS_PER_COMMITTEE),
  data: AttestationData,
  signature: BLSSignature,
});
const DepositData = new ContainerType({
  pubkey: BLSPubkey,
  withdrawal_credentials: Bytes32,
  amount: uint64,
  signature: BLSSignature,
});
const SignedVoluntaryExit = new ContainerType({
  message: new ContainerType({ epoch: uint64, validator_index: uint64 }),
  signature: BLSSignature,
});

const PHASE0_BODY = {
  randao_reveal: BLSSignature,
  eth1_data: new ContainerType({ deposit_root: Bytes32, deposit_count: uint64, block_hash: Bytes32 }),
  graffiti: Bytes32,
  proposer_slashings: new ListCompositeType(
    new ContainerType({ signed_header_1: SignedBeaconBlockHeader, signed_header_2: SignedBeaconBlockHeader }),
    MAX_PROPOSER_SLASHINGS,
  ),
  attester_slashings: new ListCompositeType(
    new ContainerType({ attestation_1: IndexedAttestation, attestation_2: IndexedAttestation }),
    MAX_ATTESTER_SLASHINGS,
  ),
  attestations: new ListCompositeType(Attestation, MAX_ATTESTATIONS),
  deposits: new ListCompositeType(
    new ContainerType({ proof: new VectorCompositeType(Bytes32, DEPOSIT_CONTRACT_TREE_DEPTH + 1), data: DepositData }),
    MAX_DEPOSITS,
  ),
  voluntary_exits: new ListCompositeType(SignedVoluntaryExit, MAX_VOLUNTARY_EXITS),
};

export const Phase0BodyType = new ContainerType(PHASE0_BODY);
export const AltairBodyType = new ContainerType({
  ...PHASE0_BODY,
  sync_aggregate: new ContainerType({
    sync_committee_bits: new BitVectorType(SYNC_COMMITTEE_SIZE),
    sync_committee_signature: BLSSignature,
  }),
});

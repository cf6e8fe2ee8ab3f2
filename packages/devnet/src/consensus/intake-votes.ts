import { fastAggregateVerify, type PublicKey, Signature, verify } from '@chainsafe/blst';
import { ForkSeq } from '@lodestar/params';
import {
  computeEpochAtSlot,
  getAttestationDataSigningRoot,
  isAggregatorFromCommitteeLength,
} from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { aggregateAndProofRequest, aggregationSlotRequest } from '../signing/requests.ts';
import type { AttestationPool } from './attestation-pool.ts';
import { type ChainStore, rootOf } from './store.ts';
import type { DevnetState } from './types.ts';

/** Where attestations from outside go. */
export interface VoteIntake {
  readonly state: DevnetState;
  readonly store: ChainStore;
  readonly pool: AttestationPool;
  /** Shown every vote whose signature holds, also one that no block can include. */
  readonly watch: (vote: electra.IndexedAttestation) => void;
}

/** Takes one validator's vote. Throws an Error that says why not. */
export function takeAttestation(intake: VoteIntake, single: electra.SingleAttestation): void {
  const { state, pool, watch } = intake;
  const { data, committeeIndex, attesterIndex, signature } = single;
  const committee = committeeAt(state, data, committeeIndex);
  const position = committee.indexOf(attesterIndex);
  if (position < 0)
    throw Error(`validator ${attesterIndex} is not in committee ${committeeIndex} of slot ${data.slot}`);
  requireSigned('attestation', state, attesterIndex, voteRoot(state, data), signature);
  watch({ attestingIndices: [attesterIndex], data, signature });
  requireIncludable(intake, data);
  pool.addSingle(state, data, { committee: committeeIndex, position }, signature);
}

/** Takes one committee's aggregate with its aggregator's proof. Throws an Error that says why not. */
export function takeAggregate(intake: VoteIntake, signed: electra.SignedAggregateAndProof): void {
  const { state, pool, watch } = intake;
  const { aggregate, aggregatorIndex, selectionProof } = signed.message;
  const { data, committeeBits, aggregationBits } = aggregate;
  const committees = committeeBits.getTrueBitIndexes();
  const [committeeIndex] = committees;
  if (committeeIndex === undefined || committees.length > 1) throw Error('an aggregate is of exactly one committee');
  const committee = committeeAt(state, data, committeeIndex);
  if (aggregationBits.bitLen !== committee.length) {
    throw Error(
      `committee ${committeeIndex} has ${committee.length} members, the aggregate ${aggregationBits.bitLen} bits`,
    );
  }
  const attesters = aggregationBits.getTrueBitIndexes().map((position) => committee[position]!);
  if (attesters.length === 0) throw Error('the aggregate has no vote');
  if (!committee.includes(aggregatorIndex)) throw Error(`aggregator ${aggregatorIndex} is not in the committee`);
  const { config } = state;
  const selection = aggregationSlotRequest(config, data.slot).signingRoot;
  requireSigned('selection proof', state, aggregatorIndex, selection, selectionProof);
  if (!isAggregatorFromCommitteeLength(committee.length, selectionProof)) {
    throw Error(`validator ${aggregatorIndex} is not chosen to aggregate in slot ${data.slot}`);
  }
  const outer = aggregateAndProofRequest(config, signed.message).signingRoot;
  requireSigned('aggregate and proof', state, aggregatorIndex, outer, signed.signature);
  requireSignedByAll('aggregate', state, attesters, voteRoot(state, data), aggregate.signature);
  watch({ attestingIndices: attesters.sort((a, b) => a - b), data, signature: aggregate.signature });
  requireIncludable(intake, data);
  pool.addAggregate(state, aggregate);
}

function committeeAt(state: DevnetState, data: phase0.AttestationData, committeeIndex: number): number[] {
  const { epoch } = state.epochCtx;
  if (data.slot > state.slot) throw Error(`slot ${data.slot} has not begun: it is ${state.slot}`);
  if (data.target.epoch !== computeEpochAtSlot(data.slot)) throw Error('the target is not of the epoch of its slot');
  if (data.target.epoch < epoch - 1) throw Error(`epoch ${data.target.epoch} is over: it is ${epoch}`);
  const indexMax = state.config.getForkSeq(data.slot) >= ForkSeq.gloas ? 1 : 0;
  if (data.index > indexMax) throw Error(`data.index must be 0 since Electra, not ${data.index}`);
  const count = state.epochCtx.getCommitteeCountPerSlot(data.target.epoch);
  if (committeeIndex >= count) throw Error(`committee ${committeeIndex} is not one of the slot's ${count}`);
  return Array.from(state.epochCtx.getBeaconCommittee(data.slot, committeeIndex));
}

/** What would make a block with this vote invalid, or the vote worthless. */
function requireIncludable({ state, store }: VoteIntake, { source, target, ...data }: phase0.AttestationData): void {
  const head = store.byRoot(rootOf(data.beaconBlockRoot));
  if (!head) throw Error(`the block ${rootOf(data.beaconBlockRoot)} is not known`);
  if (head.slot > data.slot) throw Error('it votes for a block of a later slot');
  // Gloas: a block of the slot itself cannot have its payload yet (`is_attestation_same_slot`).
  if (data.index > 0 && head.slot === data.slot) throw Error('it says that a payload came before it could');
  const isCurrent = target.epoch === state.epochCtx.epoch;
  const justified = isCurrent ? state.currentJustifiedCheckpoint : state.previousJustifiedCheckpoint;
  if (!ssz.phase0.Checkpoint.equals(source, justified.toValue())) {
    throw Error(`its source (epoch ${source.epoch}) is not the justified checkpoint (epoch ${justified.epoch})`);
  }
}

const voteRoot = (state: DevnetState, data: phase0.AttestationData): Uint8Array =>
  getAttestationDataSigningRoot(state.config, state.slot, data);

/** Throws when a signature is not this validator's. */
export function requireSigned(
  what: string,
  state: DevnetState,
  validatorIndex: number,
  signingRoot: Uint8Array,
  signature: Uint8Array,
): void {
  if (isSigned(signature, (parsed) => verify(signingRoot, keyOf(state, validatorIndex), parsed))) return;
  throw Error(`the signature of the ${what} is not that of validator ${validatorIndex}`);
}

/** Throws when a signature is not the sum of these validators' signatures. */
export function requireSignedByAll(
  what: string,
  state: DevnetState,
  validatorIndices: readonly number[],
  signingRoot: Uint8Array,
  signature: Uint8Array,
): void {
  const keys = validatorIndices.map((index) => keyOf(state, index));
  if (isSigned(signature, (parsed) => fastAggregateVerify(signingRoot, keys, parsed))) return;
  throw Error(`the signature of the ${what} is not that of those it names`);
}

function isSigned(bytes: Uint8Array, check: (signature: Signature) => boolean): boolean {
  let signature: Signature;
  try {
    signature = Signature.fromBytes(bytes, true);
  } catch {
    return false;
  }
  return check(signature);
}

function keyOf(state: DevnetState, index: number): PublicKey {
  const key = index < state.validators.length ? state.epochCtx.pubkeyCache.get(index) : undefined;
  if (!key) throw Error(`validator ${index} is not in the registry`);
  return key;
}

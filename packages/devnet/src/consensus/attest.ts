import { BitArray } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { ForkSeq, MAX_COMMITTEES_PER_SLOT } from '@lodestar/params';
import {
  computeEpochAtSlot,
  computeStartSlotAtEpoch,
  getAttestationDataSigningRoot,
  getBlockRootAtSlot,
  isSlashableValidator,
} from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import type { FaultBook } from './faults.ts';
import type { ValidatorKeys } from './keys.ts';
import type { Slasher } from './slasher.ts';
import { type DevnetState, edited } from './types.ts';

type AttestationData = phase0.AttestationData;

export interface AttestationContext {
  /** At the slot that is attested, the slot's block (if there is one) applied. */
  readonly state: DevnetState;
  readonly headRoot: Uint8Array;
  readonly keys: ValidatorKeys;
  readonly faults: FaultBook;
  readonly slasher: Slasher;
}

export interface Votes {
  /** What an honest block includes: one aggregate over all committees of the slot, or none. */
  readonly aggregates: electra.Attestation[];
  /** Everything that was signed and published, faulty votes too: what a slasher sees. */
  readonly published: electra.IndexedAttestation[];
}

/**
 * The votes of one slot. All committees vote for one head, so by EIP-7549 they fit one aggregate.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/electra/validator.md#attestations
 */
export function attest(context: AttestationContext): Votes {
  const { state, keys, faults } = context;
  const slot = state.slot;
  const data = honestData(context);
  const duty = { doubleVote: [] as Voter[], surroundVote: [] as Voter[] };
  const honest: Voter[] = [];
  const bits: boolean[] = [];
  const committeeBits = BitArray.fromBitLen(MAX_COMMITTEES_PER_SLOT);
  for (let index = 0; index < state.epochCtx.getCommitteeCountPerSlot(state.epochCtx.epoch); index++) {
    const committee: boolean[] = [];
    for (const validatorIndex of state.epochCtx.getBeaconCommittee(slot, index)) {
      const voter = voterAt(context, validatorIndex);
      const surrounds = voter !== null && faults.atDuty('surroundVote', voter.pubkey) && canSurround(context, voter);
      if (voter && surrounds) duty.surroundVote.push(voter);
      if (voter && faults.atDuty('doubleVote', voter.pubkey)) duty.doubleVote.push(voter);
      if (voter && !surrounds) honest.push(voter);
      committee.push(voter !== null && !surrounds);
    }
    // An aggregate may not name a committee of which nobody voted.
    if (!committee.includes(true)) continue;
    committeeBits.set(index, true);
    bits.push(...committee);
  }
  const published: electra.IndexedAttestation[] = [];
  const aggregates: electra.Attestation[] = [];
  if (honest.length > 0) {
    const vote = signVote(state, keys, honest, data);
    published.push(vote);
    const aggregationBits = BitArray.fromBoolArray(bits);
    aggregates.push({ aggregationBits, data, signature: vote.signature, committeeBits });
  }
  published.push(...faultyVotes(context, data, duty));
  return { aggregates, published };
}

interface Voter {
  readonly index: number;
  readonly pubkey: Hex;
}

/** The validator if it can and will sign now: online, not slashed, its key here. */
function voterAt(context: AttestationContext, index: number): Voter | null {
  const validator = context.state.validators.getReadonly(index);
  const pubkey = toHex(validator.pubkey);
  const able = !validator.slashed && context.keys.has(pubkey) && !context.faults.isOffline(pubkey, context.state.slot);
  return able ? { index, pubkey } : null;
}

function honestData({ state, headRoot }: AttestationContext): AttestationData {
  const epoch = computeEpochAtSlot(state.slot);
  const boundary = computeStartSlotAtEpoch(epoch);
  // Gloas: a vote for an earlier slot's block says whether its payload came, and here it always does.
  const isGloas = state.config.getForkSeq(state.slot) >= ForkSeq.gloas;
  const votesForOldPayload = isGloas && state.latestBlockHeader.slot < state.slot;
  return {
    slot: state.slot,
    index: votesForOldPayload ? 1 : 0,
    beaconBlockRoot: headRoot,
    source: state.currentJustifiedCheckpoint.toValue(),
    target: { epoch, root: boundary === state.slot ? headRoot : getBlockRootAtSlot(state, boundary) },
  };
}

function signVote(
  state: DevnetState,
  keys: ValidatorKeys,
  voters: readonly Voter[],
  data: AttestationData,
): electra.IndexedAttestation {
  const signingRoot = getAttestationDataSigningRoot(state.config, state.slot, data);
  return {
    attestingIndices: voters.map(({ index }) => index).sort((a, b) => a - b),
    data,
    signature: keys.signAggregate(
      voters.map(({ pubkey }) => pubkey),
      signingRoot,
    ),
  };
}

/** The votes that must not be: those of this slot's duties, and those of validators told to sign at once. */
function faultyVotes(
  context: AttestationContext,
  data: AttestationData,
  duty: Record<'doubleVote' | 'surroundVote', readonly Voter[]>,
): electra.IndexedAttestation[] {
  const { state, keys, faults } = context;
  const votes: electra.IndexedAttestation[] = [];
  const sign = (voters: readonly Voter[], signed: AttestationData) => {
    if (voters.length > 0) votes.push(signVote(state, keys, voters, signed));
  };
  // For another head than the honest vote's: the parent, as after a short fork.
  const forParent = edited(data, { beaconBlockRoot: state.latestBlockHeader.parentRoot });
  sign(duty.doubleVote, forParent);
  for (const voter of duty.surroundVote) sign([voter], surrounding(context, voter, data));

  const doubleAtOnce = votersAtOnce(context, 'doubleVote');
  sign(doubleAtOnce, data);
  sign(doubleAtOnce, forParent);

  const inner = data.source.epoch > 0 ? votersAtOnce(context, 'surroundVote') : [];
  sign(inner, data);
  const source = checkpointAt(state, data.source.epoch - 1);
  sign(inner, edited(data, { source, target: edited(data.target, { epoch: data.target.epoch + 1 }) }));
  const pubkeys = (voters: readonly Voter[]) => voters.map(({ pubkey }) => pubkey);
  faults.committed('doubleVote', pubkeys([...duty.doubleVote, ...doubleAtOnce]));
  faults.committed('surroundVote', pubkeys([...duty.surroundVote, ...inner]));
  return votes;
}

function votersAtOnce(context: AttestationContext, kind: 'doubleVote' | 'surroundVote'): Voter[] {
  const { state, faults } = context;
  return faults.atOnce(kind).flatMap((pubkey) => {
    const index = indexOf(state, pubkey);
    if (index === null || !isSlashableValidator(state.validators.getReadonly(index), state.epochCtx.epoch)) return [];
    return voterAt(context, index) ?? [];
  });
}

/** A validator's index in this state's registry; the shared cache may know keys that are younger than the state. */
export function indexOf(state: DevnetState, pubkey: Hex): number | null {
  const index = state.epochCtx.getValidatorIndex(Buffer.from(pubkey.slice(2), 'hex'));
  return index !== null && index < state.validators.length ? index : null;
}

/** Whether a vote now can surround the voter's last one: it has one, of an earlier target and a source above genesis. */
function canSurround({ slasher, state }: AttestationContext, voter: Voter): boolean {
  const last = slasher.lastVote(voter.index);
  return last !== undefined && last.source.epoch > 0 && last.target.epoch < computeEpochAtSlot(state.slot);
}

function surrounding({ slasher, state }: AttestationContext, voter: Voter, data: AttestationData): AttestationData {
  const last = slasher.lastVote(voter.index)!;
  return edited(data, { source: checkpointAt(state, last.source.epoch - 1) });
}

function checkpointAt(state: DevnetState, epoch: number): phase0.Checkpoint {
  const boundary = computeStartSlotAtEpoch(epoch);
  const known = boundary < state.slot && state.slot - boundary <= state.blockRoots.length;
  return { epoch, root: known ? getBlockRootAtSlot(state, boundary) : ssz.Root.defaultValue() };
}

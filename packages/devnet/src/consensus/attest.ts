import { type Hex, type Pubkey, toHex } from '@holdfast/units';
import { ForkSeq } from '@lodestar/params';
import {
  computeEpochAtSlot,
  computeStartSlotAtEpoch,
  getAttestationDataSigningRoot,
  getBlockRootAtSlot,
  isSlashableValidator,
} from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';
import { attestationRequest } from '../signing/requests.ts';
import type { DutyRoster } from '../signing/roster.ts';
import type { LocalVotes, Seat } from './attestation-pool.ts';
import type { FaultBook } from './faults.ts';
import type { Slasher } from './slasher.ts';
import { type DevnetState, edited } from './types.ts';

type AttestationData = phase0.AttestationData;

export interface AttestationContext {
  /** At the slot that is attested, the slot's block (if there is one) applied. */
  readonly state: DevnetState;
  readonly headRoot: Uint8Array;
  readonly roster: DutyRoster;
  readonly faults: FaultBook;
  readonly slasher: Slasher;
  /** Told when a validator's signer did not sign; rethrows what is not about a signer. */
  readonly onFailure: (pubkey: Pubkey, error: unknown) => void;
}

/** A vote that a signer signed by itself. */
export interface SignedVote extends Seat {
  readonly index: number;
  readonly pubkey: Pubkey;
  readonly signature: Uint8Array;
}

export interface Votes {
  /** What honest validators vote for in this slot. */
  readonly data: AttestationData;
  /** The honest votes by the devnet's own keys, or none. */
  readonly local: LocalVotes | null;
  /** The honest votes by signers. */
  readonly remote: readonly SignedVote[];
  /** Everything that was signed and published, faulty votes too: what a slasher sees. */
  readonly published: electra.IndexedAttestation[];
}

/**
 * The votes of one slot by the validators whose duties the devnet performs. All committees vote for one head.
 *
 * @see https://github.com/ethereum/consensus-specs/blob/master/specs/electra/validator.md#attestations
 */
export async function attest(context: AttestationContext): Promise<Votes> {
  const { state, faults, roster } = context;
  const data = honestData(context);
  const duty = { doubleVote: [] as Voter[], surroundVote: [] as Voter[] };
  const honest: (Voter & Seat)[] = [];
  for (let committee = 0; committee < state.epochCtx.getCommitteeCountPerSlot(state.epochCtx.epoch); committee++) {
    for (const [position, validatorIndex] of state.epochCtx.getBeaconCommittee(state.slot, committee).entries()) {
      const voter = voterAt(context, validatorIndex);
      if (!voter) continue;
      const surrounds = faults.atDuty('surroundVote', voter.pubkey) && canSurround(context, voter);
      if (surrounds) duty.surroundVote.push(voter);
      if (faults.atDuty('doubleVote', voter.pubkey)) duty.doubleVote.push(voter);
      if (!surrounds) honest.push({ ...voter, committee, position });
    }
  }
  const byKey = honest.filter(({ pubkey }) => roster.performerOf(pubkey) === 'local');
  const bySigner = honest.filter(({ pubkey }) => roster.performerOf(pubkey) === 'remote');
  const published: electra.IndexedAttestation[] = [];
  let local: LocalVotes | null = null;
  if (byKey.length > 0) {
    const vote = signLocally(context, byKey, data);
    published.push(vote);
    const signingRoot = getAttestationDataSigningRoot(state.config, state.slot, data);
    const sign = (pubkeys: readonly Hex[]) => roster.keys.signAggregate(pubkeys, signingRoot);
    local = { seats: byKey, signature: vote.signature, sign };
  }
  const answers = await Promise.all(bySigner.map((voter) => signRemotely(context, voter, data)));
  const remote = answers.flatMap((signature, i) => (signature ? [{ ...bySigner[i]!, signature }] : []));
  published.push(...remote.map(({ index, signature }) => ({ attestingIndices: [index], data, signature })));
  published.push(...(await faultyVotes(context, data, duty)));
  return { data, local, remote, published };
}

interface Voter {
  readonly index: number;
  readonly pubkey: Pubkey;
}

/** The validator if it can and will sign now: online, not slashed, its duties the devnet's. */
function voterAt(context: AttestationContext, index: number): Voter | null {
  const validator = context.state.validators.getReadonly(index);
  const pubkey = toHex(validator.pubkey) as Pubkey;
  const able =
    !validator.slashed && context.roster.performs(pubkey) && !context.faults.isOffline(pubkey, context.state.slot);
  return able ? { index, pubkey } : null;
}

/** What an honest validator votes for who sees this head. */
export function honestData({ state, headRoot }: Pick<AttestationContext, 'state' | 'headRoot'>): AttestationData {
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

function signLocally(
  { state, roster }: AttestationContext,
  voters: readonly Voter[],
  data: AttestationData,
): electra.IndexedAttestation {
  const signingRoot = getAttestationDataSigningRoot(state.config, state.slot, data);
  return {
    attestingIndices: voters.map(({ index }) => index).sort((a, b) => a - b),
    data,
    signature: roster.keys.signAggregate(
      voters.map(({ pubkey }) => pubkey),
      signingRoot,
    ),
  };
}

/** Null when the signer did not sign. */
async function signRemotely(
  { state, roster, onFailure }: AttestationContext,
  { pubkey }: Voter,
  data: AttestationData,
): Promise<Uint8Array | null> {
  try {
    return await roster.sign(pubkey, attestationRequest(state.config, data));
  } catch (error) {
    onFailure(pubkey, error);
    return null;
  }
}

/** The votes that must not be: those of this slot's duties, and those of validators told to sign at once. */
async function faultyVotes(
  context: AttestationContext,
  data: AttestationData,
  duty: Record<'doubleVote' | 'surroundVote', readonly Voter[]>,
): Promise<electra.IndexedAttestation[]> {
  const { state, faults, roster } = context;
  const votes: electra.IndexedAttestation[] = [];
  const sign = async (voters: readonly Voter[], signed: AttestationData) => {
    const local = voters.filter(({ pubkey }) => roster.performerOf(pubkey) === 'local');
    if (local.length > 0) votes.push(signLocally(context, local, signed));
    for (const voter of voters.filter(({ pubkey }) => roster.performerOf(pubkey) === 'remote')) {
      const signature = await signRemotely(context, voter, signed);
      if (signature) votes.push({ attestingIndices: [voter.index], data: signed, signature });
    }
  };
  // For another head than the honest vote's: the parent, as after a short fork.
  const forParent = edited(data, { beaconBlockRoot: state.latestBlockHeader.parentRoot });
  await sign(duty.doubleVote, forParent);
  for (const voter of duty.surroundVote) await sign([voter], surrounding(context, voter, data));

  const doubleAtOnce = votersAtOnce(context, 'doubleVote');
  await sign(doubleAtOnce, data);
  await sign(doubleAtOnce, forParent);

  const inner = data.source.epoch > 0 ? votersAtOnce(context, 'surroundVote') : [];
  await sign(inner, data);
  if (inner.length > 0) await sign(inner, around(state, data));
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

/** A vote around this one, whose source is above genesis: from the epoch before its source to the one after its target. */
export function around(state: DevnetState, data: AttestationData): AttestationData {
  const source = checkpointAt(state, data.source.epoch - 1);
  return edited(data, { source, target: edited(data.target, { epoch: data.target.epoch + 1 }) });
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

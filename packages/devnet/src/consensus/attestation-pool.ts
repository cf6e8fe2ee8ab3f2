import { aggregateSerializedSignatures } from '@chainsafe/blst';
import { BitArray } from '@chainsafe/ssz';
import { type Hex, toHex } from '@holdfast/units';
import { MAX_ATTESTATIONS_ELECTRA, MAX_COMMITTEES_PER_SLOT } from '@lodestar/params';
import { type electra, type phase0, ssz } from '@lodestar/types';
import type { DevnetState } from './types.ts';

/** A place in a committee of the attested slot. */
export interface Seat {
  readonly committee: number;
  readonly position: number;
}

/** Votes that the devnet signs with keys of its own: any part of them can be signed at once, at the cost of one. */
export interface LocalVotes {
  readonly seats: readonly (Seat & { readonly pubkey: Hex })[];
  /** Of all of them. */
  readonly signature: Uint8Array;
  readonly sign: (pubkeys: readonly Hex[]) => Uint8Array;
}

/** Everything that is known to have been voted for one `AttestationData`. Seats are numbers: see `numberOf`. */
interface Ballot {
  readonly data: phase0.AttestationData;
  readonly committeeLengths: readonly number[];
  readonly local: Map<number, Hex>;
  localVotes: LocalVotes | null;
  readonly singles: Map<number, Uint8Array>;
  /** The largest published aggregate of each committee. */
  readonly aggregates: Map<number, { readonly seats: ReadonlySet<number>; readonly signature: Uint8Array }>;
  /** Seats that some block of the chain has included. */
  readonly included: Set<number>;
}

/** MAX_VALIDATORS_PER_COMMITTEE: no committee has more positions. */
const SEATS_MAX = 2048;
const numberOf = ({ committee, position }: Seat): number => committee * SEATS_MAX + position;
const committeeOf = (seat: number): number => Math.floor(seat / SEATS_MAX);

/**
 * Votes that wait for a block, by what they vote for. All committees of a slot can vote for one head, and by EIP-7549
 * such votes fit one aggregate; votes that came late make another, of what no block has yet.
 */
export class AttestationPool {
  #ballots = new Map<Hex, Ballot>();

  /** `state` knows the committees of the vote's slot. Votes that came before under this data stay. */
  addLocal(state: DevnetState, data: phase0.AttestationData, votes: LocalVotes): void {
    const ballot = this.#ballotOf(state, data);
    ballot.localVotes = votes;
    for (const seat of votes.seats) ballot.local.set(numberOf(seat), seat.pubkey);
  }

  /** One validator's vote, verified by the caller. */
  addSingle(state: DevnetState, data: phase0.AttestationData, seat: Seat, signature: Uint8Array): void {
    this.#ballotOf(state, data).singles.set(numberOf(seat), signature);
  }

  /** One committee's aggregate, verified by the caller. */
  addAggregate(state: DevnetState, { data, aggregationBits, committeeBits, signature }: electra.Attestation): void {
    const ballot = this.#ballotOf(state, data);
    const [committee] = committeeBits.getTrueBitIndexes();
    if (committee === undefined) return;
    const seats = new Set(aggregationBits.getTrueBitIndexes().map((position) => numberOf({ committee, position })));
    const best = ballot.aggregates.get(committee);
    if (!best || best.seats.size < seats.size) ballot.aggregates.set(committee, { seats, signature });
  }

  /** All that is known of one committee's votes for `dataRoot`, in one attestation; null when there are none. */
  aggregateOf(dataRoot: Hex, committee: number): electra.Attestation | null {
    const ballot = this.#ballots.get(dataRoot);
    if (!ballot) return null;
    const whole = select(ballot, [committee], new Set());
    return whole ? toAttestation(ballot, whole) : null;
  }

  /** What a block on `state` (at the block's slot) can include and none has yet: the newest when there is too much. */
  forBlock(state: DevnetState): electra.Attestation[] {
    const attestations: electra.Attestation[] = [];
    for (const ballot of [...this.#ballots.values()].reverse()) {
      if (attestations.length === MAX_ATTESTATIONS_ELECTRA) break;
      if (!isIncludable(state, ballot.data)) continue;
      const committees = ballot.committeeLengths.map((_, committee) => committee);
      const chosen = select(ballot, committees, ballot.included);
      if (chosen) attestations.push(toAttestation(ballot, chosen));
    }
    return attestations.reverse();
  }

  /** A block of the chain has included these. */
  included(attestations: readonly electra.Attestation[]): void {
    for (const { data, aggregationBits, committeeBits } of attestations) {
      const ballot = this.#ballots.get(rootOf(data));
      if (!ballot) continue;
      let offset = 0;
      for (const committee of committeeBits.getTrueBitIndexes()) {
        const length = ballot.committeeLengths[committee] ?? 0;
        for (let position = 0; position < length; position++) {
          if (aggregationBits.get(offset + position)) ballot.included.add(numberOf({ committee, position }));
        }
        offset += length;
      }
    }
  }

  /** Drops what no block from `epoch` on can include. */
  prune(epoch: number): void {
    for (const [root, { data }] of this.#ballots) if (data.target.epoch < epoch - 1) this.#ballots.delete(root);
  }

  clone(): AttestationPool {
    const copy = new AttestationPool();
    for (const [root, ballot] of this.#ballots) {
      copy.#ballots.set(root, {
        ...ballot,
        local: new Map(ballot.local),
        singles: new Map(ballot.singles),
        aggregates: new Map(ballot.aggregates),
        included: new Set(ballot.included),
      });
    }
    return copy;
  }

  #ballotOf(state: DevnetState, data: phase0.AttestationData): Ballot {
    const root = rootOf(data);
    const known = this.#ballots.get(root);
    if (known) return known;
    const count = state.epochCtx.getCommitteeCountPerSlot(data.target.epoch);
    const ballot: Ballot = {
      data,
      committeeLengths: Array.from({ length: count }, (_, i) => state.epochCtx.getBeaconCommittee(data.slot, i).length),
      local: new Map(),
      localVotes: null,
      singles: new Map(),
      aggregates: new Map(),
      included: new Set(),
    };
    this.#ballots.set(root, ballot);
    return ballot;
  }
}

const rootOf = (data: phase0.AttestationData): Hex => toHex(ssz.phase0.AttestationData.hashTreeRoot(data));

/** The conditions of `process_attestation` that depend on the block's state; the rest was checked when the vote came. */
function isIncludable(state: DevnetState, { slot, source, target }: phase0.AttestationData): boolean {
  const { epoch } = state.epochCtx;
  if (slot >= state.slot || target.epoch < epoch - 1 || target.epoch > epoch) return false;
  const justified = target.epoch === epoch ? state.currentJustifiedCheckpoint : state.previousJustifiedCheckpoint;
  return ssz.phase0.Checkpoint.equals(source, justified.toValue());
}

interface Selection {
  readonly seats: ReadonlySet<number>;
  readonly signature: Uint8Array;
}

/**
 * As many votes of these committees as signatures allow, or null when all are in `skip`. A signature cannot be taken out
 * of an aggregate, so an aggregate is used where it brings a vote that is not known by itself, and before the others.
 */
function select(ballot: Ballot, committees: readonly number[], skip: ReadonlySet<number>): Selection | null {
  const seats = new Set<number>();
  const signatures: Uint8Array[] = [];
  for (const committee of committees) {
    const aggregate = ballot.aggregates.get(committee);
    const isNew = (seat: number) => !skip.has(seat) && !ballot.singles.has(seat) && !ballot.local.has(seat);
    if (!aggregate || ![...aggregate.seats].some(isNew)) continue;
    for (const seat of aggregate.seats) seats.add(seat);
    signatures.push(aggregate.signature);
  }
  const wanted = (seat: number) => committees.includes(committeeOf(seat)) && !skip.has(seat) && !seats.has(seat);
  const locals = [...ballot.local].filter(([seat]) => wanted(seat));
  for (const [seat, signature] of ballot.singles) {
    if (!wanted(seat) || ballot.local.has(seat)) continue;
    seats.add(seat);
    signatures.push(signature);
  }
  if (locals.length > 0 && ballot.localVotes) {
    const { signature, sign } = ballot.localVotes;
    for (const [seat] of locals) seats.add(seat);
    signatures.push(locals.length === ballot.local.size ? signature : sign(locals.map(([, pubkey]) => pubkey)));
  }
  if (signatures.length === 0) return null;
  // One signature needs no adding; more were all verified when they came.
  const [only] = signatures;
  const signature = signatures.length === 1 ? only! : aggregateSerializedSignatures(signatures, false).toBytes();
  return { seats, signature };
}

function toAttestation({ data, committeeLengths }: Ballot, { seats, signature }: Selection): electra.Attestation {
  const committeeBits = BitArray.fromBitLen(MAX_COMMITTEES_PER_SLOT);
  const bits: boolean[] = [];
  const present = new Set([...seats].map(committeeOf));
  for (const [committee, length] of committeeLengths.entries()) {
    // An aggregate may not name a committee of which nobody voted.
    if (!present.has(committee)) continue;
    committeeBits.set(committee, true);
    for (let position = 0; position < length; position++) bits.push(seats.has(numberOf({ committee, position })));
  }
  return { aggregationBits: BitArray.fromBoolArray(bits), data, signature, committeeBits };
}

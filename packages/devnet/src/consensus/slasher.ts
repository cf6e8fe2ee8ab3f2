import { toHex } from '@holdfast/units';
import { ForkSeq } from '@lodestar/params';
import { getIntersectingIndices, toIndexedAttestationBigint } from '@lodestar/state-transition';
import { type electra, type phase0, ssz } from '@lodestar/types';

type AttestationData = phase0.AttestationData;

/** How far back votes are remembered, in epochs: the minimal preset's slashing window. */
const HISTORY_EPOCHS = 64;

/** `is_slashable_attestation_data` with the surrounding vote named first, or null. */
function slashablePair(a: AttestationData, b: AttestationData): 'inOrder' | 'swapped' | null {
  if (a.target.epoch === b.target.epoch) return ssz.phase0.AttestationData.equals(a, b) ? null : 'inOrder';
  if (a.source.epoch < b.source.epoch && b.target.epoch < a.target.epoch) return 'inOrder';
  if (b.source.epoch < a.source.epoch && a.target.epoch < b.target.epoch) return 'swapped';
  return null;
}

/** Two votes that contradict each other, and who cast both. */
interface Conflict {
  readonly guilty: readonly number[];
  readonly first: electra.IndexedAttestation;
  readonly second: electra.IndexedAttestation;
}

/** Slashings carry slots as the full uint64. */
const toBigint = ({ message, signature }: phase0.SignedBeaconBlockHeader): phase0.SignedBeaconBlockHeaderBigint => ({
  message: { ...message, slot: BigInt(message.slot) },
  signature,
});

/**
 * The devnet's own watcher: it is shown every vote and every block header that a validator publishes, and answers with
 * the evidence when two of them conflict. Each guilty validator is reported once.
 */
export class Slasher {
  /** By validator, oldest first. */
  #votes = new Map<number, electra.IndexedAttestation[]>();
  #headers = new Map<string, phase0.SignedBeaconBlockHeader>();
  #reported = new Set<number>();

  /** The votes of one slot. A block takes few slashings, so the evidence that convicts most comes first. */
  onVotes(votes: readonly electra.IndexedAttestation[]): electra.AttesterSlashing[] {
    const conflicts = votes.flatMap((vote) => {
      const found = this.#conflictsWith(vote);
      this.#remember(vote);
      return found;
    });
    conflicts.sort((a, b) => b.guilty.length - a.guilty.length);
    return conflicts.flatMap(({ guilty, first, second }) => {
      if (!this.#reportFresh(guilty)) return [];
      const attestation1 = toIndexedAttestationBigint(first, ForkSeq.electra);
      return [{ attestation1, attestation2: toIndexedAttestationBigint(second, ForkSeq.electra) }];
    });
  }

  onHeader(header: phase0.SignedBeaconBlockHeader): phase0.ProposerSlashing | null {
    const { slot, proposerIndex } = header.message;
    const key = `${slot}:${proposerIndex}`;
    const earlier = this.#headers.get(key);
    if (!earlier) {
      this.#headers.set(key, header);
      if (this.#headers.size > 1024) this.#headers.delete(this.#headers.keys().next().value!);
      return null;
    }
    const same = toHex(ssz.phase0.BeaconBlockHeader.hashTreeRoot(earlier.message));
    if (same === toHex(ssz.phase0.BeaconBlockHeader.hashTreeRoot(header.message))) return null;
    if (!this.#reportFresh([proposerIndex])) return null;
    return { signedHeader1: toBigint(earlier), signedHeader2: toBigint(header) };
  }

  /** The newest vote of a validator that the watcher has seen. */
  lastVote(validatorIndex: number): AttestationData | undefined {
    return this.#votes.get(validatorIndex)?.at(-1)?.data;
  }

  /** The newest header of a proposer that the watcher has seen and still knows. */
  lastHeader(proposerIndex: number): phase0.BeaconBlockHeader | undefined {
    return [...this.#headers.values()].findLast(({ message }) => message.proposerIndex === proposerIndex)?.message;
  }

  /** Whether a vote of this epoch was seen, in a block or not. */
  hasVoted(validatorIndex: number, epoch: number): boolean {
    return this.#votes.get(validatorIndex)?.some(({ data }) => data.target.epoch === epoch) ?? false;
  }

  #conflictsWith(vote: electra.IndexedAttestation): Conflict[] {
    const related = new Set(vote.attestingIndices.flatMap((index) => this.#votes.get(index) ?? []));
    return [...related].flatMap((earlier) => {
      const order = slashablePair(earlier.data, vote.data);
      const guilty = order ? getIntersectingIndices(earlier.attestingIndices, vote.attestingIndices) : [];
      if (guilty.length === 0) return [];
      const [first, second] = order === 'swapped' ? [vote, earlier] : [earlier, vote];
      return [{ guilty, first, second }];
    });
  }

  /** The same vote of a validator often comes twice, by itself and in aggregates: the first is enough. */
  #remember(vote: electra.IndexedAttestation): void {
    const oldest = vote.data.target.epoch - HISTORY_EPOCHS;
    for (const index of vote.attestingIndices) {
      const votes = this.#votes.get(index);
      if (!votes) {
        this.#votes.set(index, [vote]);
        continue;
      }
      if (votes.some(({ data }) => data === vote.data || ssz.phase0.AttestationData.equals(data, vote.data))) continue;
      while (votes[0] && votes[0].data.target.epoch < oldest) votes.shift();
      votes.push(vote);
    }
  }

  /** Notes the guilty as reported; false when all of them were already. */
  #reportFresh(guilty: readonly number[]): boolean {
    const fresh = guilty.filter((index) => !this.#reported.has(index));
    for (const index of fresh) this.#reported.add(index);
    return fresh.length > 0;
  }

  clone(): Slasher {
    const copy = new Slasher();
    copy.#votes = new Map([...this.#votes].map(([index, votes]) => [index, [...votes]]));
    copy.#headers = new Map(this.#headers);
    copy.#reported = new Set(this.#reported);
    return copy;
  }
}

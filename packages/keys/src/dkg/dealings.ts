/** The first half of a ceremony: who dealt what, who complains, who is out. Pure; the rounds are run by `ceremony.ts`. */
import { type RandomBytes, type Scalar, wipe } from '../threshold/scalar.ts';
import type { ShareIndex } from '../threshold/scheme.ts';
import { isShareOf } from '../threshold/split.ts';
import type { Word } from './broadcast.ts';
import {
  askedOf,
  type Complaints,
  decodeComplaints,
  decodeRevealed,
  encodeComplaints,
  encodeRevealed,
} from './complaints.ts';
import { type Commitments, checkDealing, makeDealing, type OwnDealing } from './dealing.ts';
import type { FaultList } from './faults.ts';
import type { Party } from './messages.ts';
import type { CeremonyPlan } from './plan.ts';

export type WordOf = (party: Party) => Word;

export class Dealings {
  readonly #plan: CeremonyPlan;
  readonly #self: Party;
  readonly #faults: FaultList;
  readonly #received = new Map<Party, Scalar[]>();
  readonly #commitments = new Map<Party, Commitments>();
  #complaints: ReadonlyMap<ShareIndex, Complaints> = new Map();
  #own: OwnDealing | undefined;

  constructor(plan: CeremonyPlan, self: Party, faults: FaultList) {
    this.#plan = plan;
    this.#self = self;
    this.#faults = faults;
  }

  get isReceiver(): boolean {
    return this.#self <= this.#plan.scheme.nodes;
  }

  /** Deals, if this party is a dealer. */
  deal(random: RandomBytes, oldShares: readonly Scalar[] | undefined): OwnDealing | undefined {
    const dealer = this.#plan.dealers.get(this.#self);
    if (dealer === undefined) return undefined;
    this.#own = makeDealing(this.#plan, dealer, random, oldShares);
    if (this.isReceiver) this.#received.set(this.#self, [...this.#own.shares[this.#self - 1]!]);
    return this.#own;
  }

  /** A dealer's shares for this node. The first ones count. */
  receive(dealer: Party, shares: readonly Scalar[]): void {
    if (this.isReceiver && this.#plan.dealers.has(dealer) && !this.#received.has(dealer))
      this.#received.set(dealer, [...shares]);
  }

  /** Dealers whose shares have not come. */
  missing(): Party[] {
    return this.isReceiver ? [...this.#plan.dealers.keys()].filter((dealer) => !this.#received.has(dealer)) : [];
  }

  /** Judges the dealings. Returns this node's complaints, to be broadcast; undefined for one who receives nothing. */
  judge(wordOf: WordOf): Uint8Array | undefined {
    for (const [party, dealer] of this.#plan.dealers) {
      const word = wordOf(party);
      const commitments = word.kind === 'said' ? this.#check(party, dealer, word.payload) : undefined;
      if (commitments) this.#commitments.set(party, commitments);
      else this.#faults.add(party, word.kind === 'said' ? 'bad-dealing' : word.kind, true);
    }
    return this.isReceiver ? encodeComplaints(this.#complain()) : undefined;
  }

  #check(party: Party, dealer: ShareIndex, payload: Uint8Array): Commitments | undefined {
    // What this node dealt itself needs no proof.
    return party === this.#self ? this.#own?.commitments : checkDealing(this.#plan, dealer, payload);
  }

  #complain(): Complaints {
    const complaints = new Map<Party, readonly number[] | 'all'>();
    for (const [party, commitments] of this.#commitments) {
      if (party === this.#self) continue;
      const shares = this.#received.get(party);
      const bad = shares?.flatMap((share, i) => (isShareOf(share, this.#self, commitments[i]!) ? [] : [i])) ?? 'all';
      if (bad.length > 0) complaints.set(party, bad);
    }
    return complaints;
  }

  /** Counts complaints. Returns the dealers that have to answer; too many complaints put a dealer out at once. */
  accuse(wordOf: WordOf): Party[] {
    const complaints = new Map<ShareIndex, Complaints>();
    for (let receiver = 1; receiver <= this.#plan.scheme.nodes; receiver += 1) {
      const word = wordOf(receiver);
      if (word.kind !== 'said') {
        this.#faults.add(receiver, word.kind);
        continue;
      }
      try {
        complaints.set(receiver, decodeComplaints(word.payload, this.#plan, receiver));
      } catch {
        this.#faults.add(receiver, 'malformed');
      }
    }
    this.#complaints = complaints;
    return this.good().filter((dealer) => {
      const complainers = [...complaints.values()].filter((about) => about.has(dealer)).length;
      // Of more complainers than can be lying one is honest. Answering them all would also give the key away.
      if (complainers > this.#plan.scheme.faults) this.#exclude(dealer, 'too-many-complaints');
      return complainers > 0 && complainers <= this.#plan.scheme.faults;
    });
  }

  /** This dealer's answer to the complaints about it. */
  justify(): Uint8Array {
    const asked = askedOf(this.#complaints, this.#self, this.#plan.definition.validators);
    return encodeRevealed(
      asked.map((each) => ({ ...each, share: this.#own!.shares[each.receiver - 1]![each.validator]! })),
    );
  }

  /** Judges the answers: a dealer that cannot show a share that fits is out; a share shown counts. */
  settle(accused: readonly Party[], wordOf: WordOf): void {
    for (const dealer of accused) {
      const asked = askedOf(this.#complaints, dealer, this.#plan.definition.validators);
      const word = wordOf(dealer);
      try {
        if (word.kind !== 'said') throw new Error(word.kind);
        const revealed = decodeRevealed(word.payload, asked);
        const fits = revealed.every(({ receiver, validator, share }) =>
          isShareOf(share, receiver, this.#commitments.get(dealer)![validator]!),
        );
        if (!fits) throw new Error('does not fit');
        const mine = revealed.filter(({ receiver }) => receiver === this.#self);
        if (mine.length > 0) this.#replace(dealer, mine);
        this.#faults.add(dealer, 'disputed');
        for (const { receiver } of asked) this.#faults.add(receiver, 'disputed');
      } catch {
        this.#exclude(dealer, word.kind === 'equivocated' ? 'equivocated' : 'unjustified');
      }
    }
  }

  #replace(dealer: Party, revealed: readonly { readonly validator: number; readonly share: Scalar }[]): void {
    const shares = this.#received.get(dealer) ?? [];
    for (const { validator, share } of revealed) shares[validator] = Uint8Array.from(share);
    this.#received.set(dealer, shares);
  }

  #exclude(dealer: Party, reason: 'too-many-complaints' | 'unjustified' | 'equivocated'): void {
    this.#commitments.delete(dealer);
    this.#faults.add(dealer, reason, true);
  }

  /** Dealers that are still in. */
  good(): Party[] {
    return [...this.#commitments.keys()];
  }

  get commitments(): ReadonlyMap<Party, Commitments> {
    return this.#commitments;
  }

  get received(): ReadonlyMap<Party, readonly Scalar[]> {
    return this.#received;
  }

  /** Erases every share that was dealt or received. */
  wipe(): void {
    for (const shares of [...(this.#own?.shares ?? []), ...this.#received.values()]) wipe(...shares);
    this.#received.clear();
    this.#own = undefined;
  }
}

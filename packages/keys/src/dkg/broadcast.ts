/**
 * Authenticated broadcast (Dolev and Strong, 1983), as a pure machine: in each of f + 1 rounds a value counts only with
 * one more signature than there were rounds before, and whoever takes it in signs it and passes it on. So at the end
 * all honest nodes hold the same set of values of each origin, whatever f liars do: one value is the origin's word, none
 * means it was silent, two prove by its own signatures that it equivocated. It wants synchrony: what an honest node sends
 * in a round arrives, with an answer to a question about it, before the round ends at any other.
 *
 * Hashes travel in the echoes; a node that lacks a value asks one of those that vouch for it. A value without bytes is
 * taken in only as the second of two: then it matters as proof, not for what it says.
 */
import { createHash } from 'node:crypto';
import { type Hex, toHex } from '@holdfast/units';
import { type NodeIdentity, verifyIdentity } from './identity.ts';
import type { EchoEntry, EchoMessage, Party, Phase, ValueMessage, Vouchers, WantMessage } from './messages.ts';

export interface BroadcastConfig {
  readonly ceremonyId: Uint8Array;
  readonly phase: Phase;
  readonly self: Party;
  readonly identity: NodeIdentity;
  /** Public keys of the parties, in order. */
  readonly identities: readonly Hex[];
  /** f: how many may lie or fail. There are f + 1 rounds. */
  readonly faults: number;
}

export interface Outgoing<M> {
  /** To one, or to all others. */
  readonly to: Party | 'all';
  readonly message: M;
}

/** What an origin said, as all honest nodes know it at the end. */
export type Word =
  | { readonly kind: 'said'; readonly payload: Uint8Array; readonly hash: Uint8Array }
  | { readonly kind: 'silent' }
  | { readonly kind: 'equivocated' };

interface Candidate {
  readonly hash: Uint8Array;
  payload: Uint8Array | undefined;
  vouchers: Vouchers;
  /** Taken in: it counts, and was or will be passed on. */
  extracted: boolean;
}

type Sent = ValueMessage | EchoMessage | WantMessage;

const CANDIDATES_MAX = 2;

export class Broadcast {
  readonly #config: BroadcastConfig;
  readonly #candidates = new Map<Party, Map<string, Candidate>>();
  readonly #echoed = new Map<number, Set<Party>>();
  readonly #served = new Set<string>();
  #fresh: { origin: Party; candidate: Candidate }[] = [];
  #round = 0;
  #over = false;

  constructor(config: BroadcastConfig) {
    this.#config = config;
  }

  /** Says one's own value to all, in round 0. */
  say(payload: Uint8Array): Outgoing<Sent>[] {
    const { self, identity, phase } = this.#config;
    const hash = sha256(payload);
    const vouchers = new Map([[self, identity.sign(this.#statement(self, hash))]]);
    // One's own word needs no passing on: it went to all.
    this.#of(self).set(toHex(hash), { hash, payload, vouchers, extracted: true });
    return [{ to: 'all', message: { kind: 'value', phase, origin: self, payload, vouchers } }];
  }

  /** A value came, from its origin or from one who was asked. */
  onValue({ origin, payload, vouchers }: ValueMessage): void {
    const hash = sha256(payload);
    const known = this.#of(origin).get(toHex(hash));
    if (known) known.payload ??= payload;
    else this.#consider(origin, hash, vouchers, payload);
    this.#extract(origin);
  }

  /** Another's list of what it took in. Returns what has to be asked for. */
  onEcho(from: Party, { round, entries }: EchoMessage): Outgoing<Sent>[] {
    const heard = this.#echoed.get(round) ?? new Set();
    if (heard.has(from)) return [];
    this.#echoed.set(round, heard.add(from));
    return entries.flatMap((entry) => this.#onEntry(from, entry));
  }

  /** Sends a value to one who asks for it, once: asking must not cost more than answering. */
  onWant(from: Party, { phase, origin, hash }: WantMessage): Outgoing<Sent>[] {
    const candidate = this.#of(origin).get(toHex(hash));
    const served = `${from}/${origin}/${toHex(hash)}`;
    if (!candidate?.payload || !candidate.extracted || this.#served.has(served)) return [];
    this.#served.add(served);
    const { payload, vouchers } = candidate;
    return [{ to: from, message: { kind: 'value', phase, origin, payload, vouchers } }];
  }

  /** Of `awaited`, those not yet heard in this round: their own word in round 0, their echo later. */
  missing(awaited: readonly Party[]): Party[] {
    const echoed = this.#echoed.get(this.#round);
    const isHeard = (party: Party): boolean =>
      this.#round === 0
        ? [...this.#of(party).values()].some(({ extracted }) => extracted)
        : echoed?.has(party) === true;
    return awaited.filter((party) => party !== this.#config.self && !isHeard(party));
  }

  /** Whether a value that somebody vouches for is still to be shown. */
  get lacks(): boolean {
    return [...this.#candidates.values()].some((each) => [...each.values()].some(({ extracted }) => !extracted));
  }

  /** Ends the round. Returns the echoes that open the next one; none when this was the last. */
  nextRound(): Outgoing<Sent>[] {
    this.#dropUnheld();
    this.#round += 1;
    if (this.#round > this.#config.faults) {
      this.#over = true;
      return [];
    }
    const { phase, self, identity } = this.#config;
    const entries = this.#fresh.map(({ origin, candidate: { hash, vouchers } }) => {
      return { origin, hash, vouchers: new Map(vouchers).set(self, identity.sign(this.#statement(origin, hash))) };
    });
    this.#fresh = [];
    return [{ to: 'all', message: { kind: 'echo', phase, round: this.#round, entries } }];
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** What the origin said. Final once the broadcast is over. */
  wordOf(origin: Party): Word {
    const extracted = [...this.#of(origin).values()].filter((candidate) => candidate.extracted);
    const [only, second] = extracted;
    if (second) return { kind: 'equivocated' };
    return only?.payload ? { kind: 'said', payload: only.payload, hash: only.hash } : { kind: 'silent' };
  }

  #onEntry(from: Party, { origin, hash, vouchers }: EchoEntry): Outgoing<Sent>[] {
    const known = this.#of(origin).has(toHex(hash));
    if (!known) this.#consider(origin, hash, vouchers, undefined);
    this.#extract(origin);
    const candidate = this.#of(origin).get(toHex(hash));
    if (!candidate || candidate.payload || candidate.extracted || !vouchers.has(from)) return [];
    return [{ to: from, message: { kind: 'want', phase: this.#config.phase, origin, hash } }];
  }

  /** Remembers a value that has enough good signatures for this round. */
  #consider(origin: Party, hash: Uint8Array, vouchers: Vouchers, payload: Uint8Array | undefined): void {
    const candidates = this.#of(origin);
    if (this.#over || candidates.size >= CANDIDATES_MAX) return;
    if (!vouchers.has(origin) || vouchers.size < this.#round + 1) return;
    const statement = this.#statement(origin, hash);
    for (const [party, signature] of vouchers) {
      if (!verifyIdentity(this.#config.identities[party - 1]!, statement, signature)) return;
    }
    candidates.set(toHex(hash), { hash, payload, vouchers, extracted: false });
  }

  #extract(origin: Party): void {
    const candidates = this.#of(origin);
    if (this.#over) return;
    for (const candidate of candidates.values()) {
      if (candidate.extracted || (!candidate.payload && candidates.size < CANDIDATES_MAX)) continue;
      candidate.extracted = true;
      this.#fresh.push({ origin, candidate });
    }
  }

  /** A value that nobody showed in its round has to come again with more signatures. */
  #dropUnheld(): void {
    for (const candidates of this.#candidates.values()) {
      for (const [key, candidate] of candidates) if (!candidate.extracted) candidates.delete(key);
    }
  }

  #of(origin: Party): Map<string, Candidate> {
    const known = this.#candidates.get(origin) ?? new Map<string, Candidate>();
    this.#candidates.set(origin, known);
    return known;
  }

  #statement(origin: Party, hash: Uint8Array): Uint8Array {
    return statementOf(this.#config.ceremonyId, this.#config.phase, origin, hash);
  }
}

/** What vouchers sign. */
export function statementOf(ceremonyId: Uint8Array, phase: Phase, origin: Party, hash: Uint8Array): Uint8Array {
  return new Uint8Array(
    createHash('sha256').update(`holdfast/dkg/1/${phase}/${origin}\n`).update(ceremonyId).update(hash).digest(),
  );
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

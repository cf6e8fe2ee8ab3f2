import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Broadcast, type Outgoing, sha256, statementOf, type Word } from '../src/dkg/broadcast.ts';
import { ed25519Identity } from '../src/dkg/identity.ts';
import type { EchoMessage, Party, ValueMessage, WantMessage } from '../src/dkg/messages.ts';
import { seededBytes, seededNumbers } from './support/random.ts';

type Sent = ValueMessage | EchoMessage | WantMessage;

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const ceremonyId = sha256(Buffer.from('ceremony'));
const identities = NAMES.map((name) => ed25519Identity(seededBytes(name)(32)));

function vouch(parties: readonly Party[], origin: Party, payload: Uint8Array): Map<Party, Uint8Array> {
  const statement = statementOf(ceremonyId, 'deal', origin, sha256(payload));
  return new Map(parties.map((party) => [party, identities[party - 1]!.sign(statement)]));
}

/** Honest nodes in lockstep, and whatever liars say in between. Each round everything that honest nodes send arrives. */
class Hall {
  readonly nodes: ReadonlyMap<Party, Broadcast>;
  readonly #all: number;
  #queue: { from: Party; out: Outgoing<Sent> }[] = [];

  constructor(all: number, honest: readonly Party[], faults: number) {
    this.#all = all;
    const keys = identities.slice(0, all).map(({ publicKey }) => publicKey);
    this.nodes = new Map(
      honest.map((self) => {
        const identity = identities[self - 1]!;
        return [self, new Broadcast({ ceremonyId, phase: 'deal', self, identity, identities: keys, faults })];
      }),
    );
  }

  say(self: Party, payload: Uint8Array): void {
    this.#push(self, this.nodes.get(self)!.say(payload));
    this.settle();
  }

  tell(from: Party, to: Party, message: Sent): void {
    this.#receive(from, to, message);
    this.settle();
  }

  next(): void {
    for (const [self, node] of this.nodes) this.#push(self, node.nextRound());
    this.settle();
  }

  words(origin: Party): Word[] {
    return [...this.nodes.values()].map((node) => node.wordOf(origin));
  }

  settle(): void {
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      const { from, out } = next;
      const to = out.to === 'all' ? Array.from({ length: this.#all }, (_, i) => i + 1) : [out.to];
      for (const party of to) if (party !== from) this.#receive(from, party, out.message);
    }
  }

  #receive(from: Party, to: Party, message: Sent): void {
    const node = this.nodes.get(to);
    if (!node) return;
    if (message.kind === 'value') node.onValue(message);
    else if (message.kind === 'echo') this.#push(to, node.onEcho(from, message));
    else this.#push(to, node.onWant(from, message));
  }

  #push(from: Party, sent: readonly Outgoing<Sent>[]): void {
    this.#queue.push(...sent.map((out) => ({ from, out })));
  }
}

const value = (origin: Party, payload: Uint8Array, vouchers: Map<Party, Uint8Array>): ValueMessage => {
  return { kind: 'value', phase: 'deal', origin, payload, vouchers };
};
const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];

describe('broadcast', () => {
  it('an honest word reaches all', () => {
    const hall = new Hall(4, [1, 2, 3, 4], 1);
    hall.say(1, one);
    hall.next();
    hall.next();
    expect(hall.words(1).every((word) => word.kind === 'said' && word.payload[0] === 1)).toBe(true);
    expect(hall.words(2).every(({ kind }) => kind === 'silent')).toBe(true);
  });

  it('a word told to one alone in time reaches all', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    hall.tell(4, 2, value(4, one, vouch([4], 4, one)));
    hall.next();
    hall.next();
    expect(hall.words(4).map(({ kind }) => kind)).toEqual(['said', 'said', 'said']);
  });

  it('a word told too late counts for nobody', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    hall.next();
    hall.tell(4, 2, value(4, one, vouch([4], 4, one)));
    hall.next();
    expect(hall.words(4).map(({ kind }) => kind)).toEqual(['silent', 'silent', 'silent']);
  });

  it('with one liar more than reckoned with, such a lateness parts the nodes', () => {
    // Two liars vouch for each other; the nodes reckon with one.
    const parted = (faults: number): string[] => {
      const hall = new Hall(4, [1, 2], faults);
      for (let round = 0; round < faults; round += 1) hall.next();
      hall.tell(4, 2, value(4, one, vouch([3, 4], 4, one)));
      hall.next();
      return hall.words(4).map(({ kind }) => kind);
    };
    expect(parted(1)).toEqual(['silent', 'said']);
    expect(parted(2)).toEqual(['silent', 'silent']);
  });

  it('two words of one origin are held against it by all, though each heard one', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    hall.tell(4, 1, value(4, one, vouch([4], 4, one)));
    hall.tell(4, 2, value(4, two, vouch([4], 4, two)));
    hall.next();
    hall.next();
    expect(hall.words(4).map(({ kind }) => kind)).toEqual(['equivocated', 'equivocated', 'equivocated']);
  });

  it('without the round of echoes they would part', () => {
    const hall = new Hall(4, [1, 2, 3], 0);
    hall.tell(4, 1, value(4, one, vouch([4], 4, one)));
    hall.tell(4, 2, value(4, two, vouch([4], 4, two)));
    hall.next();
    expect(hall.words(4).map((word) => (word.kind === 'said' ? word.payload[0] : word.kind))).toEqual([1, 2, 'silent']);
  });

  it('a second word of which only the hash is shown is proof enough', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    hall.say(1, one);
    hall.tell(4, 1, value(4, one, vouch([4], 4, one)));
    const entries = [{ origin: 4, hash: sha256(two), vouchers: vouch([4], 4, two) }];
    hall.tell(4, 1, { kind: 'echo', phase: 'deal', round: 1, entries });
    hall.next();
    hall.next();
    expect(hall.words(4).map(({ kind }) => kind)).toEqual(['equivocated', 'equivocated', 'equivocated']);
  });

  it('a word whose bytes nobody shows counts for nobody, and does not stand in the way of another', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    const entries = [{ origin: 4, hash: sha256(two), vouchers: vouch([4], 4, two) }];
    hall.tell(4, 1, { kind: 'echo', phase: 'deal', round: 1, entries });
    expect(hall.nodes.get(1)!.lacks).toBe(true);
    hall.tell(4, 2, value(4, one, vouch([4], 4, one)));
    hall.next();
    hall.next();
    expect(hall.words(4).map(({ kind }) => kind)).toEqual(['said', 'said', 'said']);
  });

  it('nobody can put words into another’s mouth', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    const forged = new Map([[1, identities[3]!.sign(statementOf(ceremonyId, 'deal', 1, sha256(two)))]]);
    hall.tell(4, 2, value(1, two, forged));
    const elsewhere = new Map([[1, identities[0]!.sign(statementOf(ceremonyId, 'complain', 1, sha256(two)))]]);
    hall.tell(4, 2, value(1, two, elsewhere));
    hall.tell(4, 2, value(1, two, vouch([4], 1, two)));
    hall.say(1, one);
    hall.next();
    hall.next();
    expect(hall.words(1).every((word) => word.kind === 'said' && word.payload[0] === 1)).toBe(true);
  });

  it('two nodes of one identity show as an equivocator, to themselves too', () => {
    const hall = new Hall(4, [1, 2, 3], 1);
    hall.say(1, one);
    hall.tell(1, 2, value(1, two, vouch([1], 1, two)));
    hall.next();
    hall.next();
    expect(hall.words(1).map(({ kind }) => kind)).toEqual(['equivocated', 'equivocated', 'equivocated']);
  });

  it('a word is sent once to each who asks, and not to ask more of a node than it gives', () => {
    const hall = new Hall(4, [1], 1);
    hall.say(1, one);
    const want: WantMessage = { kind: 'want', phase: 'deal', origin: 1, hash: sha256(one) };
    const node = hall.nodes.get(1)!;
    expect(node.onWant(2, want)).toHaveLength(1);
    expect(node.onWant(2, want)).toEqual([]);
    expect(node.onWant(3, want)).toHaveLength(1);
    expect(node.onWant(3, { ...want, hash: sha256(two) })).toEqual([]);
  });

  it('agreement holds whatever f liars vouch for, to whom and when', () => {
    const runs = process.env.HOLDFAST_DEEP === '1' ? 3000 : 150;
    const payloads = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
        const below = seededNumbers(`hall ${seed}`);
        const [all, faults] = below(2) === 0 ? [4, 1] : [7, 2];
        const liars = Array.from({ length: faults }, (_, i) => all - i);
        const honest = Array.from({ length: all - faults }, (_, i) => i + 1);
        const hall = new Hall(all, honest, faults);
        hall.say(1, Uint8Array.of(9));
        for (let round = 0; round <= faults; round += 1) {
          for (let lie = below(5); lie > 0; lie -= 1) {
            const origin = liars[below(liars.length)]!;
            const payload = payloads[below(3)]!;
            const vouchers = vouch(
              liars.filter((liar) => liar === origin || below(2) === 0),
              origin,
              payload,
            );
            const to = honest[below(honest.length)]!;
            const entries = [{ origin, hash: sha256(payload), vouchers }];
            const from = liars[below(liars.length)]!;
            if (below(2) === 0) hall.tell(from, to, value(origin, payload, vouchers));
            else hall.tell(from, to, { kind: 'echo', phase: 'deal', round: 1 + below(faults), entries });
          }
          hall.next();
        }
        for (const origin of [1, ...liars]) {
          const words = hall
            .words(origin)
            .map((word) => (word.kind === 'said' ? `said ${word.payload[0]}` : word.kind));
          expect(new Set(words).size, `${words}`).toBe(1);
        }
        expect(hall.words(1)[0]!.kind).toBe('said');
      }),
      { seed: 83, numRuns: runs },
    );
  });
});

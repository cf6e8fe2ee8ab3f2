import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedError } from '../src/dkg/codec.ts';
import { decodeComplaints, decodeRevealed, encodeComplaints, encodeRevealed } from '../src/dkg/complaints.ts';
import { decodeMessage, encodeMessage, type Message, messageBytesMax, PHASES } from '../src/dkg/messages.ts';
import { planCeremony } from '../src/dkg/plan.ts';
import { membersOf } from './support/ceremony.ts';

const plan = planCeremony(membersOf(['a', 'b', 'c', 'd']).definition);
const { limits } = plan;
const runs = process.env.HOLDFAST_DEEP === '1' ? 100_000 : 2000;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const party = fc.integer({ min: 1, max: limits.parties });
const phase = fc.constantFrom(...PHASES);
const vouchers = fc
  .uniqueArray(party, { minLength: 1, maxLength: limits.parties })
  .chain((parties) => fc.tuple(...parties.sort().map((each) => fc.tuple(fc.constant(each), bytes(64)))))
  .map((list) => new Map(list));
const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ kind: fc.constant('shares' as const), shares: fc.array(bytes(32), { minLength: 2, maxLength: 2 }) }),
  fc.record({
    kind: fc.constant('value' as const),
    phase,
    origin: party,
    payload: fc.uint8Array({ maxLength: Math.min(...Object.values(limits.payloadMax)) }),
    vouchers,
  }),
  fc.record({
    kind: fc.constant('echo' as const),
    phase,
    round: fc.integer({ min: 1, max: limits.rounds - 1 }),
    entries: fc.array(fc.record({ origin: party, hash: bytes(32), vouchers }), { maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('want' as const), phase, origin: party, hash: bytes(32) }),
  fc.record({
    kind: fc.constant('confirm' as const),
    transcriptHash: bytes(32),
    signature: bytes(64),
    partials: fc.array(bytes(96), { minLength: 2, maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('seal' as const), signature: bytes(96) }),
);

/** Either refused as malformed, or exactly what the encoder would have written. */
function decodesStrictly(input: Uint8Array): void {
  let message: Message;
  try {
    message = decodeMessage(input, limits);
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedError);
    return;
  }
  expect(encodeMessage(message)).toEqual(Uint8Array.from(input));
}

describe('messages', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeMessage(message);
        expect(encoded.length).toBeLessThanOrEqual(messageBytesMax(limits));
        expect(decodeMessage(encoded, limits)).toEqual(message);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('of garbage are refused, or were none', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), decodesStrictly), { seed: 5, numRuns: runs });
    const opened = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.uint8Array({ maxLength: 400 }));
    fc.assert(
      fc.property(opened, ([kind, rest]) => decodesStrictly(Uint8Array.of(kind, ...rest))),
      { seed: 6, numRuns: runs },
    );
  });

  it('changed by a bit, cut or lengthened are refused, or mean just what they say', () => {
    const changed = fc.tuple(messages, fc.nat(), fc.integer({ min: 0, max: 7 }), fc.integer({ min: -3, max: 3 }));
    fc.assert(
      fc.property(changed, ([message, at, bit, more]) => {
        const encoded = encodeMessage(message);
        encoded[at % encoded.length]! ^= 1 << bit;
        decodesStrictly(encoded);
        const resized = new Uint8Array(Math.max(0, encoded.length + more));
        resized.set(encoded.subarray(0, resized.length));
        decodesStrictly(resized);
      }),
      { seed: 7, numRuns: runs },
    );
  });

  it('longer than any are not read', () => {
    expect(() => decodeMessage(new Uint8Array(messageBytesMax(limits) + 1), limits)).toThrow('too long');
  });
});

describe('complaints and answers', () => {
  it('come back as they went, and garbage is refused', () => {
    const list = fc.oneof(
      fc.constant('all' as const),
      fc.uniqueArray(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 2 }).map((each) => each.sort()),
    );
    const complaints = fc.uniqueArray(fc.integer({ min: 2, max: 4 })).chain((dealers) => {
      return fc
        .tuple(...dealers.sort().map((dealer) => fc.tuple(fc.constant(dealer), list)))
        .map((all) => new Map(all));
    });
    fc.assert(
      fc.property(complaints, (each) => {
        expect(decodeComplaints(encodeComplaints(each), plan, 1)).toEqual(each);
      }),
      { seed: 8, numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (input) => {
        try {
          expect(encodeComplaints(decodeComplaints(input, plan, 1))).toEqual(Uint8Array.from(input));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedError);
        }
      }),
      { seed: 9, numRuns: runs },
    );
  });

  it('an answer holds what was asked for, in order, and nothing else', () => {
    const share = new Uint8Array(32).fill(3);
    const asked = [
      { receiver: 1, validator: 0 },
      { receiver: 1, validator: 1 },
      { receiver: 3, validator: 0 },
    ];
    const answer = asked.map((each) => ({ ...each, share }));
    expect(decodeRevealed(encodeRevealed(answer), asked)).toEqual(answer);
    for (const wrong of [answer.slice(1), answer.toReversed(), [...answer, answer[0]!], []]) {
      expect(() => decodeRevealed(encodeRevealed(wrong), asked)).toThrow(MalformedError);
    }
  });
});

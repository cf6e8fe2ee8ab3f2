import { asRoot, slot } from '@holdfast/units';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  ConsensusMessageError,
  DUTY_CODES,
  type DutyType,
  decodeEnvelope,
  decodeEvidence,
  type Envelope,
  encodeEnvelope,
  envelopeBytesMax,
  instancePrefix,
  type Message,
  ROUND_MAX,
  type SignedMessage,
  signingBytes,
} from '../src/index.ts';
import { bytes, envelope, INSTANCE, NO_VALUE, signed, VALUE_BYTES_MAX } from './support/kit.ts';

const isDeep = process.env.HOLDFAST_DEEP === '1';
const SEED = 20_261_121;
const RUNS = isDeep ? 100_000 : 1000;

const root = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((each) => asRoot(`0x${Buffer.from(each).toString('hex')}`));
const signature = fc.uint8Array({ minLength: 1, maxLength: 96 });
const sender = fc.nat(63);
const vote: fc.Arbitrary<SignedMessage> = fc.record({
  type: fc.constantFrom('PRE-PREPARE', 'PREPARE', 'COMMIT', 'DECIDED'),
  sender,
  round: fc.integer({ min: 1, max: ROUND_MAX }),
  valueHash: root.filter((each) => each !== NO_VALUE),
  preparedRound: fc.constant(0),
  signature,
});
const change: fc.Arbitrary<SignedMessage> = fc
  .tuple(fc.integer({ min: 1, max: ROUND_MAX }), fc.nat(ROUND_MAX), root, sender, signature)
  .map(([round, prepared, hash, from, by]) => {
    const preparedRound = prepared % round;
    const valueHash = preparedRound === 0 ? (NO_VALUE as typeof hash) : hash;
    return { type: 'ROUND-CHANGE', sender: from, round, valueHash, preparedRound, signature: by };
  });
const message = fc.oneof(vote, change);
const envelopes: fc.Arbitrary<Envelope> = fc
  .record({
    lockHash: root,
    instance: fc.record({
      duty: fc.constantFrom(...(Object.keys(DUTY_CODES) as DutyType[])),
      slot: fc.maxSafeNat().map(slot),
    }),
    message,
    justification: fc.array(message, { maxLength: 12 }),
    value: fc.option(fc.uint8Array({ maxLength: VALUE_BYTES_MAX }), { nil: undefined }),
  })
  .map(({ value, ...rest }) => (value === undefined ? rest : { ...rest, value }));

it('an envelope comes back as it went, and has one encoding', () => {
  fc.assert(
    fc.property(envelopes, (sent) => {
      const encoded = encodeEnvelope(sent);
      const read = decodeEnvelope(encoded, VALUE_BYTES_MAX);
      expect(read).toEqual(sent);
      expect(Buffer.compare(encodeEnvelope(read), encoded)).toBe(0);
      expect(encoded.length).toBeLessThanOrEqual(envelopeBytesMax(64, VALUE_BYTES_MAX));
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

it('whatever the bytes, the decoder gives an envelope with that encoding or one error', () => {
  const check = (given: Uint8Array) => {
    try {
      expect(Buffer.compare(encodeEnvelope(decodeEnvelope(given, VALUE_BYTES_MAX)), given)).toBe(0);
    } catch (error) {
      if (!(error instanceof ConsensusMessageError)) throw error;
      expect(error.code).toBe('CONSENSUS_MESSAGE');
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), check), { seed: SEED, numRuns: RUNS });
  const altered = fc.tuple(envelopes, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat());
  fc.assert(
    fc.property(altered, ([sent, changes, cut]) => {
      const encoded = encodeEnvelope(sent);
      for (const [at, byte] of changes) encoded[at % encoded.length] = byte;
      check(encoded);
      check(encoded.subarray(0, cut % encoded.length));
      check(Uint8Array.of(...encoded, 0));
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

it('lengths that are claimed allocate nothing', () => {
  const small = encodeEnvelope(envelope(signed('COMMIT', 1, 1, bytes('a'))));
  const countAt = small.length - 3;
  const huge = Uint8Array.of(...small.subarray(0, countAt), 0xff, 0xff, 0);
  expect(() => decodeEnvelope(huge, VALUE_BYTES_MAX)).toThrow('too long');
  const value = Uint8Array.of(...small.subarray(0, -1), 1, 0xff, 0xff, 0xff, 0xff);
  expect(() => decodeEnvelope(value, VALUE_BYTES_MAX)).toThrow('too large');
  expect(() => decodeEvidence(new Uint8Array(20))).toThrow(ConsensusMessageError);
});

it('a signature binds every field, the instance and the cluster', () => {
  const base: Message = signed('ROUND-CHANGE', 1, 5, bytes('a'), 3);
  const lock = asRoot(`0x${'a1'.repeat(32)}`);
  const variants: Uint8Array[] = [
    signingBytes(instancePrefix(lock, INSTANCE), base),
    signingBytes(instancePrefix(asRoot(`0x${'a2'.repeat(32)}`), INSTANCE), base),
    signingBytes(instancePrefix(lock, { ...INSTANCE, slot: slot(8) }), base),
    signingBytes(instancePrefix(lock, { ...INSTANCE, duty: 'proposer' }), base),
    ...[
      { type: 'COMMIT' as const },
      { sender: 2 },
      { round: 6 },
      { preparedRound: 2 },
      { valueHash: signed('COMMIT', 1, 1, bytes('b')).valueHash },
    ].map((other) => signingBytes(instancePrefix(lock, INSTANCE), { ...base, ...other })),
  ];
  expect(new Set(variants.map((each) => Buffer.from(each).toString('hex'))).size).toBe(variants.length);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  combineScalars,
  evaluatePolynomial,
  inverseOfPublic,
  isScalar,
  randomScalar,
  SCALAR_ORDER,
  sumScalars,
} from '../src/threshold/scalar.ts';
import { seededBytes } from './support/random.ts';

const toBytes = (value: bigint) => new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
const toBigint = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
const mod = (value: bigint) => ((value % SCALAR_ORDER) + SCALAR_ORDER) % SCALAR_ORDER;

// Values at which carries and borrows turn, besides those of chance.
const edges = [0n, 1n, 2n, 0xffffn, 0x10000n, SCALAR_ORDER >> 1n, SCALAR_ORDER - 2n, SCALAR_ORDER - 1n];
const scalar = fc.oneof(fc.constantFrom(...edges), fc.bigInt({ min: 0n, max: SCALAR_ORDER - 1n }));
const factor = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, SCALAR_ORDER - 1n),
  fc.bigInt({ min: -(2n ** 256n), max: 2n ** 256n }),
  fc.bigInt({ min: -1000n, max: 1000n }),
);
const options = { seed: 381, numRuns: 300 };

describe('secret scalars agree with arithmetic on bigints', () => {
  it('sums with public factors', () => {
    const terms = fc.array(fc.record({ value: scalar, factor }), { maxLength: 8 });
    fc.assert(
      fc.property(terms, (list) => {
        const expected = mod(list.reduce((sum, term) => sum + term.value * term.factor, 0n));
        const actual = combineScalars(list.map((term) => ({ scalar: toBytes(term.value), factor: term.factor })));
        expect(toBigint(actual)).toBe(expected);
      }),
      options,
    );
  });

  it('plain sums', () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 40 }), (values) => {
        expect(toBigint(sumScalars(values.map(toBytes)))).toBe(mod(values.reduce((sum, value) => sum + value, 0n)));
      }),
      options,
    );
  });

  it('polynomials at small places', () => {
    fc.assert(
      fc.property(fc.array(scalar, { minLength: 1, maxLength: 22 }), fc.integer({ min: 1, max: 31 }), (values, x) => {
        const expected = mod(values.reduce((sum, value, k) => sum + value * BigInt(x) ** BigInt(k), 0n));
        expect(toBigint(evaluatePolynomial(values.map(toBytes), x))).toBe(expected);
      }),
      options,
    );
  });

  it('inverses of public values', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 120n }), (value) => {
        expect(mod(value * inverseOfPublic(value))).toBe(1n);
      }),
      { ...options, numRuns: 50 },
    );
  });
});

describe('what is a secret key', () => {
  it.each([
    [1n, true],
    [SCALAR_ORDER - 1n, true],
    [0n, false],
    [SCALAR_ORDER, false],
    [SCALAR_ORDER + 1n, false],
    [2n ** 256n - 1n, false],
  ])('%d: %s', (value, expected) => {
    expect(isScalar(toBytes(value))).toBe(expected);
  });

  it('refuses another length', () => {
    expect(isScalar(new Uint8Array(31).fill(1))).toBe(false);
    expect(isScalar(new Uint8Array(33).fill(1))).toBe(false);
  });
});

describe('random scalars', () => {
  it('are secret keys, uniform in their upper bits', () => {
    const random = seededBytes('uniform');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 7000; i += 1) {
      const drawn = randomScalar(random);
      expect(isScalar(drawn)).toBe(true);
      counts[Number((toBigint(drawn) * 7n) / SCALAR_ORDER)]! += 1;
    }
    // Six standard deviations of a count of 1,000. A scalar taken modulo r from 256 bits would give 1,130 and 700.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(180);
  });

  it('stop when the source gives nothing usable', () => {
    expect(() => randomScalar((length) => new Uint8Array(length))).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_RANDOMNESS' }),
    );
    expect(() => randomScalar((length) => new Uint8Array(length).fill(0xff))).toThrow(/no usable scalar/);
  });

  it('leave what the source gave as it was', () => {
    const given = new Uint8Array(32).fill(0x90);
    randomScalar(() => given);
    expect(given[0]).toBe(0x90);
  });
});

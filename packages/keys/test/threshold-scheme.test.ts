import { describe, expect, it } from 'vitest';
import { byzantineThreshold, recoveryFactors, thresholdScheme } from '../src/threshold/scheme.ts';

function subsets(nodes: number, size: number, from = 1): number[][] {
  if (size === 0) return [[]];
  const firsts = Array.from({ length: nodes - size - from + 2 }, (_, i) => from + i);
  return firsts.flatMap((first) => subsets(nodes, size - 1, first + 1).map((rest) => [first, ...rest]));
}

/** The value at 0 of the polynomial through (x, y), by exact fractions; here times the scale. */
const polynomial = (x: bigint, degree: number) =>
  Array.from({ length: degree + 1 }, (_, k) => BigInt(7 * k * k + 3 * k + 11) * x ** BigInt(k)).reduce((a, b) => a + b);

const shapes = [
  [1, 1],
  [2, 2],
  [2, 3],
  [3, 3],
  [3, 4],
  [4, 4],
  [5, 7],
  [7, 10],
  [9, 13],
  [8, 13],
] as const;

describe.each(shapes)('%i of %i', (threshold, nodes) => {
  const scheme = thresholdScheme(threshold, nodes);
  const sets = subsets(nodes, threshold);

  it('every set of signers adds up to scale × the constant term, with integer factors', () => {
    for (const signers of sets) {
      const factors = recoveryFactors(scheme, signers);
      const sum = signers.reduce((total, x, i) => total + factors[i]! * polynomial(BigInt(x), threshold - 1), 0n);
      expect(sum).toBe(scheme.scale * polynomial(0n, threshold - 1));
    }
  });

  it('the scale is the smallest that does', () => {
    const primes = [2n, 3n, 5n, 7n, 11n, 13n].filter((prime) => scheme.scale % prime === 0n);
    for (const prime of primes) {
      const clears = sets.every((signers) => recoveryFactors(scheme, signers).every((factor) => factor % prime === 0n));
      expect(clears).toBe(false);
    }
  });

  it('fewer signers leave every constant term possible', () => {
    // With t − 1 values fixed, a polynomial of degree t − 1 may still have any value at 0.
    const known = Array.from({ length: threshold - 1 }, (_, i) => BigInt(i + 1));
    const vanishing = (x: bigint) => known.reduce((product, root) => product * (x - root), 1n);
    expect(vanishing(0n)).not.toBe(0n);
    for (const x of known) expect(polynomial(x, threshold - 1) + 5n * vanishing(x)).toBe(polynomial(x, threshold - 1));
  });
});

it('factors come in the order of the signers, cached or not', () => {
  const scheme = thresholdScheme(3, 4);
  const [a, b, c] = recoveryFactors(scheme, [1, 2, 4]);
  expect(recoveryFactors(scheme, [4, 1, 2])).toEqual([c, a, b]);
  expect(recoveryFactors(scheme, [2, 4, 1])).toEqual([b, c, a]);
});

it.each([
  [[1, 2]],
  [[1, 2, 3, 4]],
  [[1, 2, 2]],
  [[1, 2, 2, 3]],
  [[0, 1, 2]],
  [[1, 2, 5]],
  [[1, 2, 33]],
  [[1, 2, 1.5]],
  [[1, 2, Number.NaN]],
])('refuses the signers %j', (signers) => {
  expect(() => recoveryFactors(thresholdScheme(3, 4), signers)).toThrow(
    expect.objectContaining({ code: 'THRESHOLD_SIGNERS' }),
  );
});

it.each([
  [2, 4],
  [1, 2],
  [0, 1],
  [5, 4],
  [17, 32],
  [2.5, 4],
  [3, Number.POSITIVE_INFINITY],
])('refuses %d of %d', (threshold, nodes) => {
  expect(() => thresholdScheme(threshold, nodes)).toThrow(expect.objectContaining({ code: 'THRESHOLD_SCHEME' }));
});

it('takes the largest clusters at once', () => {
  expect(thresholdScheme(21, 31).scale).toBeGreaterThan(2n ** 90n);
  expect(thresholdScheme(31, 31).nodes).toBe(31);
  expect(
    recoveryFactors(
      thresholdScheme(31, 31),
      Array.from({ length: 31 }, (_, i) => i + 1),
    ),
  ).toHaveLength(31);
});

it('knows the Byzantine thresholds', () => {
  expect([1, 2, 3, 4, 7, 10, 13].map(byzantineThreshold)).toEqual([1, 2, 3, 3, 5, 7, 9]);
});

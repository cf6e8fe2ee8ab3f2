import { ThresholdError } from './errors.ts';

/** Nodes are numbered from 1; more than this in one cluster are refused. */
export const NODES_MAX = 31;

/** Number of a node in its cluster and x of its share: 1…n. */
export type ShareIndex = number;

/**
 * How a key is shared: any `threshold` of `nodes` sign, fewer learn nothing.
 *
 * The key is `scale` times the constant term of the polynomial that the shares lie on, `scale` being the common
 * denominator of all Lagrange coefficients that a set of `threshold` among `nodes` can meet. So every recovery is a sum
 * with small integer factors and needs no division modulo r (docs/decisions/0013).
 */
export interface ThresholdScheme {
  readonly threshold: number;
  readonly nodes: number;
  readonly scale: bigint;
  /** How many nodes may be dead, silent or lying: n − t. */
  readonly faults: number;
}

const schemes = new Map<string, ThresholdScheme>();
const factorsBySet = new WeakMap<ThresholdScheme, Map<number, ReadonlyMap<ShareIndex, bigint>>>();

/**
 * The scheme of `threshold` among `nodes`. More than half must be needed, or two halves of a cluster could sign two
 * conflicting messages without sharing one node.
 *
 * @throws THRESHOLD_SCHEME
 */
export function thresholdScheme(threshold: number, nodes: number): ThresholdScheme {
  const whole = Number.isSafeInteger(threshold) && Number.isSafeInteger(nodes);
  if (!whole || threshold < 1 || threshold > nodes || nodes > NODES_MAX || 2 * threshold <= nodes) {
    throw new ThresholdError('THRESHOLD_SCHEME', 'the threshold does not suit the number of nodes', {
      data: { threshold, nodes },
      fix: `Take at most ${NODES_MAX} nodes and a threshold of more than half of them, such as 3 of 4, 5 of 7, 7 of 10`,
    });
  }
  const key = `${threshold}/${nodes}`;
  const known = schemes.get(key);
  if (known) return known;
  const scheme = Object.freeze({
    threshold,
    nodes,
    scale: commonDenominator(threshold, nodes),
    faults: nodes - threshold,
  });
  schemes.set(key, scheme);
  return scheme;
}

/** The usual threshold of n nodes: n − ⌊(n−1)/3⌋, so that the honest of a Byzantine third can always sign. */
export function byzantineThreshold(nodes: number): number {
  return nodes - Math.floor((nodes - 1) / 3);
}

/**
 * The integer factors scale·λᵢ(0) by which the shares (or partial signatures) of `signers` add up to the key (or its
 * signature), in the order of `signers`. Cached by set.
 *
 * @throws THRESHOLD_SIGNERS
 */
export function recoveryFactors(scheme: ThresholdScheme, signers: readonly ShareIndex[]): readonly bigint[] {
  const mask = maskOf(scheme, signers);
  const cache = cacheOf(scheme);
  const known = cache.get(mask) ?? new Map(signers.map((i) => [i, scaledCoefficient(scheme.scale, i, signers)]));
  cache.set(mask, known);
  return signers.map((signer) => known.get(signer)!);
}

function cacheOf(scheme: ThresholdScheme): Map<number, ReadonlyMap<ShareIndex, bigint>> {
  const cache = factorsBySet.get(scheme) ?? new Map<number, ReadonlyMap<ShareIndex, bigint>>();
  factorsBySet.set(scheme, cache);
  return cache;
}

function maskOf(scheme: ThresholdScheme, signers: readonly ShareIndex[]): number {
  let mask = 0;
  for (const signer of signers) {
    if (Number.isSafeInteger(signer) && signer >= 1 && signer <= scheme.nodes) mask |= 1 << (signer - 1);
  }
  const distinct = mask.toString(2).replaceAll('0', '').replace('-', '').length;
  if (distinct !== scheme.threshold || signers.length !== scheme.threshold) {
    throw new ThresholdError('THRESHOLD_SIGNERS', 'not a set of as many signers as the threshold asks for', {
      data: { signers, threshold: scheme.threshold, nodes: scheme.nodes },
      fix: 'Pass exactly t different indices between 1 and n',
    });
  }
  return mask;
}

/** scale · Π_{j≠i} j/(j−i). Divides exactly, by the choice of the scale. */
function scaledCoefficient(scale: bigint, i: number, signers: readonly number[]): bigint {
  let [numerator, denominator] = [scale, 1n];
  for (const j of signers) {
    if (j === i) continue;
    numerator *= BigInt(j);
    denominator *= BigInt(j - i);
  }
  if (numerator % denominator !== 0n)
    throw new ThresholdError('THRESHOLD_SCALE', 'the scale does not clear a Lagrange coefficient', {
      data: { scale, signers },
    });
  return numerator / denominator;
}

/**
 * The least common denominator of λᵢ = Π_{j∈S∖i} j/(j−i) over every set S of t among 1…n and every i in it. Prime by
 * prime: the worst S for i takes the t−1 others in which p divides j−i most often more than j.
 */
function commonDenominator(threshold: number, nodes: number): bigint {
  const indices = Array.from({ length: nodes }, (_, i) => i + 1);
  let scale = 1n;
  for (const prime of indices.filter(isPrime)) {
    const worst = indices.map((i) => {
      const excess = indices.filter((j) => j !== i).map((j) => valuation(prime, Math.abs(j - i)) - valuation(prime, j));
      return excess
        .sort((a, b) => b - a)
        .slice(0, threshold - 1)
        .reduce((sum, each) => sum + each, 0);
    });
    scale *= BigInt(prime) ** BigInt(Math.max(0, ...worst));
  }
  return scale;
}

function valuation(prime: number, value: number): number {
  let power = 0;
  for (let rest = value; rest % prime === 0; rest /= prime) power += 1;
  return power;
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return true;
}

/**
 * Small multiples of points. blst adds points natively but its binding multiplies none, so a sum Σ cᵢ·Pᵢ with small cᵢ is
 * made of additions alone (Straus: all factors bit by bit from the top, the doublings shared). A handful of bits makes a
 * handful of calls, which is faster than one general multiplication. Points and factors are public.
 */
import { aggregatePublicKeys, aggregateSignatures, PublicKey, Signature } from '@chainsafe/blst';
import { ThresholdError } from './errors.ts';

/** The prime of the field that the coordinates lie in. */
const FIELD_PRIME = 0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
const COORDINATE_BYTES = 48;
const INFINITY_BIT = 0x40;

interface Group<P> {
  aggregate(points: P[]): P;
  negate(point: P): P;
}

const G1: Group<PublicKey> = {
  aggregate: (points) => aggregatePublicKeys(points),
  negate: (point) => PublicKey.fromBytes(negateBytes(point.toBytes(false))),
};
const G2: Group<Signature> = {
  aggregate: (points) => aggregateSignatures(points),
  negate: (point) => Signature.fromBytes(negateBytes(point.toBytes(false)), false, false),
};

/** Σ factorᵢ · pointᵢ in G1. Not every factor may be zero. */
export function combinePubkeys(points: readonly PublicKey[], factors: readonly bigint[]): PublicKey {
  return combine(G1, points, factors);
}

/** Σ factorᵢ · pointᵢ in G2. Not every factor may be zero. */
export function combineSignatures(points: readonly Signature[], factors: readonly bigint[]): Signature {
  return combine(G2, points, factors);
}

/** The polynomial whose coefficients are hidden in `commitments`, at a small x, in G1: Horner with x copies each step. */
export function evaluateCommitments(commitments: readonly PublicKey[], x: number): PublicKey {
  let value = commitments.at(-1)!;
  for (let k = commitments.length - 2; k >= 0; k -= 1) {
    const terms = new Array<PublicKey>(x).fill(value);
    terms.push(commitments[k]!);
    value = aggregatePublicKeys(terms);
  }
  return value;
}

export function samePoint(a: PublicKey | Signature, b: PublicKey | Signature): boolean {
  return Buffer.compare(a.toBytes(false), b.toBytes(false)) === 0;
}

export function isInfinity(point: PublicKey): boolean {
  return (point.toBytes()[0]! & INFINITY_BIT) !== 0;
}

function combine<P extends object>(group: Group<P>, points: readonly P[], factors: readonly bigint[]): P {
  const terms = points
    .map((point, i) => ({ point, factor: factors[i]! }))
    .filter(({ factor }) => factor !== 0n)
    .map(({ point, factor }) => (factor < 0n ? { point: group.negate(point), factor: -factor } : { point, factor }));
  const bits = Math.max(0, ...terms.map(({ factor }) => factor.toString(2).length));
  let sum: P | undefined;
  for (let bit = BigInt(bits) - 1n; bit >= 0n; bit -= 1n) {
    const addends = sum === undefined ? [] : [sum, sum];
    for (const { point, factor } of terms) if ((factor >> bit) & 1n) addends.push(point);
    sum = addends.length === 1 ? addends[0]! : group.aggregate(addends);
  }
  if (sum === undefined) throw new ThresholdError('THRESHOLD_EMPTY_SUM', 'a sum of no points was asked for');
  return sum;
}

/** −(x, y) = (x, p − y), for each of the y's coordinates, in the uncompressed form. Infinity is its own negative. */
function negateBytes(point: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(point);
  if (bytes[0]! & INFINITY_BIT) return bytes;
  for (let at = bytes.length / 2; at < bytes.length; at += COORDINATE_BYTES) {
    const y = BigInt(`0x${Buffer.from(bytes.subarray(at, at + COORDINATE_BYTES)).toString('hex')}`);
    const negative = y === 0n ? 0n : FIELD_PRIME - y;
    bytes.set(Buffer.from(negative.toString(16).padStart(2 * COORDINATE_BYTES, '0'), 'hex'), at);
  }
  return bytes;
}

/**
 * Secret scalars of BLS12-381: integers modulo r, 32 bytes big-endian.
 *
 * Everything a ceremony does to a secret is a sum of secrets with public factors, so addition modulo r is the only
 * primitive, and it neither branches nor indexes by a secret: 16 limbs of 16 bits, the reduction by a mask. Factors are
 * public (share indices, Lagrange coefficients) and may steer the loop. No secret ever becomes a bigint or a string, which
 * could not be erased; working limbs are zeroed before they are let go. The engine may still copy what it moves.
 */
import { ThresholdError } from './errors.ts';

/** Order of the groups G1 and G2 (draft-irtf-cfrg-pairing-friendly-curves, BLS12-381). */
export const SCALAR_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
export const SCALAR_BYTES = 32;

/** Where randomness comes in: as many bytes as asked for, unpredictable. `randomBytes` of `node:crypto` is one. */
export type RandomBytes = (length: number) => Uint8Array;

/** A secret scalar. Whoever makes one erases it with {@link wipe}. */
export type Scalar = Uint8Array;

/** A public factor of a secret scalar. */
export interface ScalarTerm {
  readonly scalar: Scalar;
  readonly factor: bigint;
}

type Limbs = Int32Array;
const LIMBS = 16;
const DRAWS_MAX = 256;
const ORDER_LIMBS = limbsOf(orderBytes());

/** Overwrites secrets with zeros. */
export function wipe(...secrets: readonly (Uint8Array | Int32Array)[]): void {
  for (const secret of secrets) secret.fill(0);
}

/** A uniform scalar in [1, r): draws of 255 bits, those out of range (one in ten) drawn again. */
export function randomScalar(random: RandomBytes): Scalar {
  for (let draw = 0; draw < DRAWS_MAX; draw += 1) {
    const bytes = Uint8Array.from(random(SCALAR_BYTES));
    bytes[0]! &= 0x7f;
    if (isScalar(bytes)) return bytes;
  }
  throw new ThresholdError('THRESHOLD_RANDOMNESS', 'the source of randomness gives no usable scalar', {
    data: { draws: DRAWS_MAX },
    fix: 'The source is broken: use the random bytes of the operating system',
  });
}

/** Whether the bytes are a scalar in [1, r), which is what a secret key may be. Takes the same time for any value. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== SCALAR_BYTES) return false;
  const limbs = limbsOf(bytes);
  let borrow = 0;
  let any = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    any |= limbs[i]!;
    borrow = ((limbs[i]! - ORDER_LIMBS[i]! - borrow) >> 31) & 1;
  }
  wipe(limbs);
  return borrow === 1 && any !== 0;
}

/** The polynomial with these coefficients (constant term first) at a small public x, by Horner's rule. */
export function evaluatePolynomial(coefficients: readonly Scalar[], x: number): Scalar {
  const sum = new Int32Array(LIMBS);
  const product = new Int32Array(LIMBS);
  const limbs = new Int32Array(LIMBS);
  for (let k = coefficients.length - 1; k >= 0; k -= 1) {
    product.fill(0);
    for (let bit = 31 - Math.clz32(x); bit >= 0; bit -= 1) {
      addInto(product, product);
      if ((x >> bit) & 1) addInto(product, sum);
    }
    sum.set(product);
    readLimbs(coefficients[k]!, limbs);
    addInto(sum, limbs);
  }
  const value = bytesOf(sum);
  wipe(sum, product, limbs);
  return value;
}

/** Σ factorᵢ · scalarᵢ modulo r. The factors are public; negative ones and zero are allowed. */
export function combineScalars(terms: readonly ScalarTerm[]): Scalar {
  const sum = new Int32Array(LIMBS);
  const factors = terms.map(({ factor }) => (factor < 0n ? -factor : factor));
  const limbs = terms.map(({ scalar, factor }) => (factor < 0n ? negated(limbsOf(scalar)) : limbsOf(scalar)));
  const bits = Math.max(0, ...factors.map((factor) => factor.toString(2).length));
  for (let bit = bits - 1; bit >= 0; bit -= 1) {
    addInto(sum, sum);
    for (const [i, factor] of factors.entries()) {
      if ((factor >> BigInt(bit)) & 1n) addInto(sum, limbs[i]!);
    }
  }
  const value = bytesOf(sum);
  wipe(sum, ...limbs);
  return value;
}

/** Σ scalarᵢ modulo r. */
export function sumScalars(scalars: readonly Scalar[]): Scalar {
  return combineScalars(scalars.map((scalar) => ({ scalar, factor: 1n })));
}

/** 1/value modulo r, for a public value. Fermat: value^(r−2). */
export function inverseOfPublic(value: bigint): bigint {
  let [base, exponent, result] = [((value % SCALAR_ORDER) + SCALAR_ORDER) % SCALAR_ORDER, SCALAR_ORDER - 2n, 1n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % SCALAR_ORDER;
    base = (base * base) % SCALAR_ORDER;
  }
  return result;
}

/** a ← a + b mod r. Both below r, so the sum is below 2r and one subtraction, kept or not by a mask, reduces it. */
function addInto(a: Limbs, b: Limbs): void {
  let carry = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const sum = a[i]! + b[i]! + carry;
    a[i] = sum & 0xffff;
    carry = sum >> 16;
  }
  let borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) borrow = ((a[i]! - ORDER_LIMBS[i]! - borrow) >> 31) & 1;
  const mask = borrow - 1;
  borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const difference = a[i]! - (ORDER_LIMBS[i]! & mask) - borrow;
    a[i] = difference & 0xffff;
    borrow = (difference >> 31) & 1;
  }
}

/** −a mod r in place; 0 becomes r, which is brought back to 0 by adding 0. */
function negated(a: Limbs): Limbs {
  let borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const difference = ORDER_LIMBS[i]! - a[i]! - borrow;
    a[i] = difference & 0xffff;
    borrow = (difference >> 31) & 1;
  }
  addInto(a, new Int32Array(LIMBS));
  return a;
}

function limbsOf(bytes: Uint8Array): Limbs {
  const limbs = new Int32Array(LIMBS);
  readLimbs(bytes, limbs);
  return limbs;
}

function readLimbs(bytes: Uint8Array, limbs: Limbs): void {
  for (let i = 0; i < LIMBS; i += 1) limbs[i] = (bytes[30 - 2 * i]! << 8) | bytes[31 - 2 * i]!;
}

function bytesOf(limbs: Limbs): Scalar {
  const bytes = new Uint8Array(SCALAR_BYTES);
  for (let i = 0; i < LIMBS; i += 1) {
    bytes[30 - 2 * i] = limbs[i]! >> 8;
    bytes[31 - 2 * i] = limbs[i]! & 0xff;
  }
  return bytes;
}

function orderBytes(): Uint8Array {
  return Uint8Array.from(Buffer.from(SCALAR_ORDER.toString(16).padStart(2 * SCALAR_BYTES, '0'), 'hex'));
}

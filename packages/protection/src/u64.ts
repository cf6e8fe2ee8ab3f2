export const U64_MAX = 2n ** 64n - 1n;
const HALF = 2n ** 63n;

export const isU64 = (value: unknown): value is bigint => typeof value === 'bigint' && value >= 0n && value <= U64_MAX;

/**
 * Databases have signed 64-bit integers only. Taking 2⁶³ away maps the whole uint64 range onto theirs and keeps the order,
 * which is all that the rules ask for.
 */
export const toStored = (value: bigint): bigint => value - HALF;
export const fromStored = (value: bigint): bigint => value + HALF;

export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

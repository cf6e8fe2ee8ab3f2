import type { Arithmetic } from '../frontier.ts';
import { max } from '../u64.ts';

/** A signing root's 32 bytes; null is an unknown one, which equals none, not even another unknown one. */
export type RootBytes = Uint8Array | null;

/** The rules' logic on the things themselves. */
export const EXACT: Arithmetic<bigint, RootBytes, boolean> = {
  eq: (a, b) => a === b,
  lt: (a, b) => a < b,
  sameRoot: (a, b) => a !== null && b !== null && Buffer.compare(a, b) === 0,
  and: (a, b) => a && b,
  or: (a, b) => a || b,
  not: (a) => !a,
  max,
  choose: (condition, a, b) => (condition ? a : b),
  yes: true,
};

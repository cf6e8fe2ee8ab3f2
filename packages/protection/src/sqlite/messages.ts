import type { KeptAttestation, KeptBlock, KeyedDuty } from '../decide.ts';
import type { RootBytes } from '../logic/exact.ts';
import type { Rule } from '../port.ts';

/**
 * Duties as they travel to the worker: flat arrays, which are handed over and not copied.
 * A block is (slot, 0), an attestation (source, target).
 */
export interface PackedDuties {
  readonly keys: Int32Array<ArrayBuffer>;
  /** Bit 0: an attestation. Bit 1: the signing root is known. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly numbers: BigUint64Array<ArrayBuffer>;
  readonly roots: Uint8Array<ArrayBuffer>;
}

const ATTESTATION = 1;
const ROOT_KNOWN = 2;

export function packedDuties(length: number): PackedDuties {
  return {
    keys: new Int32Array(length),
    kinds: new Uint8Array(length),
    numbers: new BigUint64Array(2 * length),
    roots: new Uint8Array(32 * length),
  };
}

export const buffersOf = ({ keys, kinds, numbers, roots }: PackedDuties): ArrayBuffer[] => [
  keys.buffer,
  kinds.buffer,
  numbers.buffer,
  roots.buffer,
];

export function packBlock(packed: PackedDuties, at: number, key: number, slot: bigint, root: RootBytes): void {
  pack(packed, at, key, 0, slot, 0n, root);
}

export function packAttestation(
  packed: PackedDuties,
  at: number,
  key: number,
  source: bigint,
  target: bigint,
  root: RootBytes,
): void {
  pack(packed, at, key, ATTESTATION, source, target, root);
}

function pack(
  packed: PackedDuties,
  at: number,
  key: number,
  kind: number,
  first: bigint,
  second: bigint,
  root: RootBytes,
): void {
  packed.keys[at] = key;
  packed.kinds[at] = kind | (root === null ? 0 : ROOT_KNOWN);
  packed.numbers[2 * at] = first;
  packed.numbers[2 * at + 1] = second;
  if (root !== null) packed.roots.set(root, 32 * at);
}

export function unpackDuty({ keys, kinds, numbers, roots }: PackedDuties, at: number): KeyedDuty {
  const key = keys[at]!;
  const kind = kinds[at]!;
  const root = kind & ROOT_KNOWN ? roots.subarray(32 * at, 32 * at + 32) : null;
  const first = numbers[2 * at]!;
  return kind & ATTESTATION
    ? { kind: 'attestation', key, attestation: { source: first, target: numbers[2 * at + 1]!, root } }
    : { kind: 'block', key, block: { slot: first, root } };
}

/** Codes of `PackedVerdicts`. A refusal's rule stands in `refusals`. */
export const ALLOWED = 0;
export const REPEATED = 1;
export const REFUSED = 2;

export interface PackedVerdicts {
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly refusals: readonly {
    readonly at: number;
    readonly rule: Rule;
    readonly record?: KeptBlock | KeptAttestation;
  }[];
}

import { hash } from 'node:crypto';

// hash_tree_root of containers of a few fixed-size fields, without building a tree (consensus-specs, ssz/simple-serialize.md,
// "Merkleization"): write the leaves into one buffer, then halve it in place until the root stands at its head.
// One-shot hashing through a binary string is about twice as fast as one that allocates a buffer for each digest.

const FIELDS_MAX = 8;
/** Leaves of 32 bytes, reused from call to call: everything here is synchronous. */
const scratch = Buffer.alloc(FIELDS_MAX * 32);
const pair = Buffer.alloc(64);

/** Replaces the 64 bytes at `from` by their hash, written to `to`. */
function hashInPlace(buffer: Buffer, from: number, to: number): void {
  buffer.write(hash('sha256', buffer.subarray(from, from + 64), 'binary'), to, 'binary');
}

/** Plain bytes of their own: a Buffer's `slice` would share them. */
const pairHash = (): Uint8Array => new Uint8Array(hash('sha256', pair, 'buffer'));

/** sha256(left ‖ right). */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 0);
  pair.set(right, 32);
  return pairHash();
}

/** A field's leaf: a number (uint64), at most 32 bytes (right-padded with zeros), or a root. */
export type Leaf = bigint | Uint8Array;

/** Roots of all-zero trees, one level above the other: what stands where a container has no more fields. */
const ZERO_ROOTS: Uint8Array[] = [new Uint8Array(32)];
for (let level = 0; level < 3; level += 1) ZERO_ROOTS.push(hashPair(ZERO_ROOTS[level]!, ZERO_ROOTS[level]!));

/** The root of a container with these fields. At most eight; longer byte vectors come as their roots. */
export function containerRoot(leaves: readonly Leaf[]): Uint8Array {
  if (leaves.length > FIELDS_MAX) throw new RangeError(`${leaves.length} fields do not fit`);
  scratch.fill(0, 0, leaves.length * 32);
  leaves.forEach((leaf, place) => {
    if (typeof leaf === 'bigint') scratch.writeBigUInt64LE(leaf, place * 32);
    else scratch.set(leaf, place * 32);
  });
  for (let count = leaves.length, level = 0; count > 1; count = Math.ceil(count / 2), level += 1) {
    if (count % 2 === 1) scratch.set(ZERO_ROOTS[level]!, count * 32);
    for (let at = 0; at < count; at += 2) hashInPlace(scratch, at * 32, at * 16);
  }
  return new Uint8Array(scratch.subarray(0, 32));
}

/** The root of a lone uint64: itself, little-endian. */
export function uint64Root(value: bigint): Uint8Array {
  const root = Buffer.alloc(32);
  root.writeBigUInt64LE(value, 0);
  return root;
}

/** The root of 48 bytes (a public key): two chunks. */
export function bytes48Root(value: Uint8Array): Uint8Array {
  pair.fill(0);
  pair.set(value, 0);
  return pairHash();
}

/**
 * Whether `leaf` stands at the generalized index `index` under `root` (consensus-specs, `is_valid_merkle_branch`; the
 * branch runs from the leaf's sibling up).
 */
export function isValidBranch(
  leaf: Uint8Array,
  branch: readonly Uint8Array[],
  index: bigint,
  root: Uint8Array,
): boolean {
  // An index of n bits lies n − 1 levels deep; a branch of any other length proves something else.
  if (index < 1n || branch.length !== index.toString(2).length - 1) return false;
  let node = leaf;
  let place = index;
  for (const sibling of branch) {
    node = place % 2n === 1n ? hashPair(sibling, node) : hashPair(node, sibling);
    place /= 2n;
  }
  return Buffer.compare(node, root) === 0;
}

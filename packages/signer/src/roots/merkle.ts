import { hash } from 'node:crypto';

// hash_tree_root of containers of a few fixed-size fields, without building a tree (consensus-specs, ssz/simple-serialize.md,
// "Merkleization"): write the leaves into one buffer, then halve it in place until the root stands at its head.
// One-shot hashing through a binary string is about twice as fast as one that allocates a buffer for each digest.

/** Leaves of 32 bytes, reused from call to call: everything here is synchronous. */
const scratch = Buffer.alloc(8 * 32);
const pair = Buffer.alloc(64);

/** Replaces the 64 bytes at `from` by their hash, written to `to`. */
function hashInPlace(buffer: Buffer, from: number, to: number): void {
  buffer.write(hash('sha256', buffer.subarray(from, from + 64), 'binary'), to, 'binary');
}

/** sha256(left ‖ right), as 32 new bytes. */
export function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  pair.set(left, 0);
  pair.set(right, 32);
  return hash('sha256', pair, 'buffer');
}

/** A field's leaf: a number (uint64), at most 32 bytes (right-padded with zeros), or a root. */
export type Leaf = bigint | Uint8Array;

/** The root of a container with these fields. At most eight; longer byte vectors come as their roots. */
export function containerRoot(leaves: readonly Leaf[]): Uint8Array {
  let width = 1;
  while (width < leaves.length) width *= 2;
  if (width * 32 > scratch.length) throw new RangeError(`${leaves.length} fields do not fit`);
  scratch.fill(0, 0, width * 32);
  leaves.forEach((leaf, place) => {
    if (typeof leaf === 'bigint') scratch.writeBigUInt64LE(leaf, place * 32);
    else scratch.set(leaf, place * 32);
  });
  for (; width > 1; width /= 2) {
    for (let at = 0; at < width; at += 2) hashInPlace(scratch, at * 32, at * 16);
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
  return hash('sha256', pair, 'buffer');
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

import { digest64 } from '@chainsafe/persistent-merkle-tree';
import { branchRoot } from '@holdfast/beacon';
import { type Hex, type Root, toHex } from '@holdfast/units';
import { type BalancesOpening, type BalancesProof, lengthLeaf, openDepth } from './beacon-proofs.ts';
import type { Random } from './random.ts';

/** Depth of the balances' data tree: four to a chunk, VALIDATOR_REGISTRY_LIMIT = 2^40. */
const DEPTH = 38;

/** The balances of a registry of any size under a made-up state, without the state: only this list's tree is hashed. */
export interface BigBalances {
  readonly stateRoot: Root;
  readonly opening: BalancesOpening;
  balance(index: number): bigint;
  proof(indices: readonly number[]): BalancesProof;
  /** The same under the opened top. */
  under(indices: readonly number[]): { chunks: Hex[]; siblings: Hex[] };
}

export function bigBalances(random: Random, length: number, gindex: number): BigBalances {
  const levels = hashedLevels(random, length);
  const zeros = zeroRoots();
  const node = (level: number, position: number): Uint8Array =>
    levels[level]?.subarray(32 * position, 32 * position + 32).length === 32
      ? levels[level].subarray(32 * position, 32 * position + 32)
      : zeros[level]!;
  const depth = openDepth(length);
  const branch = Array.from({ length: Math.floor(Math.log2(gindex)) }, () => random.root());
  let data = node(depth, 0);
  const top = toHex(data);
  for (let level = depth; level < DEPTH; level += 1) data = digest64(data, zeros[level]!);
  const list = digest64(data, Buffer.from(lengthLeaf(length).slice(2), 'hex'));
  const stateRoot = branchRoot(toHex(list) as Root, BigInt(gindex), branch as Root[]);
  const multiProof = (indices: readonly number[], height: number) => {
    const positions = [...new Set(indices.map((index) => Math.floor(index / 4)))];
    const siblings: Hex[] = [];
    let row = positions;
    for (let level = 0; level < height; level += 1) {
      const known = new Set(row);
      for (const position of row) if (!known.has(position ^ 1)) siblings.push(toHex(node(level, position ^ 1)));
      row = [...new Set(row.map((position) => position >> 1))];
    }
    return { chunks: positions.map((position) => toHex(node(0, position))), siblings };
  };
  return {
    stateRoot,
    opening: { top, length: BigInt(length), branch },
    balance: (index) => Buffer.from(levels[0]!).readBigUInt64LE(8 * index),
    proof: (indices) => ({ ...multiProof(indices, DEPTH), length: lengthLeaf(length), branch }),
    under: (indices) => multiProof(indices, depth),
  };
}

/** All levels from the chunks to the one node over them; an odd end is filled with the empty tree of its height. */
function hashedLevels(random: Random, length: number): Uint8Array[] {
  const chunks = Buffer.alloc(32 * Math.ceil(length / 4));
  for (let i = 0; i < length; i += 1) chunks.writeBigUInt64LE(32_000_000_000n + BigInt(random.below(2 ** 31)), 8 * i);
  const zeros = zeroRoots();
  const levels: Uint8Array[] = [chunks];
  for (let level = 0; levels[level]!.length > 32; level += 1) {
    const below = levels[level]!;
    const row = new Uint8Array(32 * Math.ceil(below.length / 64));
    for (let at = 0; at < below.length; at += 64) {
      const right = at + 32 < below.length ? below.subarray(at + 32, at + 64) : zeros[level]!;
      row.set(digest64(below.subarray(at, at + 32), right), at / 2);
    }
    levels.push(row);
  }
  return levels;
}

function zeroRoots(): Uint8Array[] {
  const roots: Uint8Array[] = [new Uint8Array(32)];
  for (let level = 0; level < DEPTH; level += 1) roots.push(digest64(roots[level]!, roots[level]!));
  return roots;
}

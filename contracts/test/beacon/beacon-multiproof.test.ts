import { branchRoot, hashPair, multiproofRoot } from '@holdfast/beacon';
import type { Hex, Root } from '@holdfast/units';
import { encodeFunctionData } from 'viem';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Chain, type Deployed, startChain } from '../support/chain.ts';
import { flipBit } from '../support/mutations.ts';
import { seeded } from '../support/random.ts';

const SEED = 7916;
const CASES = 500;

describe(`the contract agrees with the TypeScript verifier (seed ${SEED})`, () => {
  const random = seeded(SEED);
  let chain: Chain;
  let harness: Deployed;
  beforeAll(async () => {
    chain = await startChain({ BeaconProofsHarness: 'test/beacon/BeaconProofsHarness.sol' }, []);
    harness = await chain.deploy('BeaconProofsHarness', []);
  });
  /** The contract's root, or that it refused. */
  const onChain = async (functionName: string, args: readonly unknown[]): Promise<Hex | 'refused'> => {
    try {
      return await chain.read<Hex>(harness, functionName, args);
    } catch {
      const error = await chain.errorName(harness, functionName, args);
      expect(['BranchLength', 'SiblingCount', 'PositionOutOfRange']).toContain(error);
      return 'refused';
    }
  };
  const offChain = (compute: () => Root): Root | 'refused' => {
    try {
      return compute();
    } catch {
      return 'refused';
    }
  };
  const roots = (count: number) => Array.from({ length: count }, () => random.root() as Root);

  test('branches of any depth and length', async () => {
    for (let turn = 0; turn < CASES; turn += 1) {
      const depth = random.below(60);
      const gindex = (1n << BigInt(depth)) | (BigInt(random.below(2 ** 31)) & ((1n << BigInt(depth)) - 1n));
      const branch = roots(Math.max(0, depth + (random.next() < 0.2 ? random.below(3) - 1 : 0)));
      const [leaf] = roots(1) as [Root];
      const expected = offChain(() => branchRoot(leaf, gindex, branch));
      expect(await onChain('branchRoot', [leaf, gindex, branch])).toBe(expected);
    }
  });

  test('multi-proofs of any shape, with too few and too many siblings', async () => {
    let accepted = 0;
    for (let turn = 0; turn < CASES; turn += 1) {
      const depth = random.below(20);
      const positions = random.distinct(1 + random.below(24), 2 ** depth);
      const leaves = roots(positions.length);
      const siblings = roots(siblingsNeeded(positions, depth) + (random.next() < 0.2 ? 1 : 0));
      if (random.next() < 0.1) siblings.pop();
      const expected = offChain(() => multiproofRoot(leaves, positions, depth, siblings));
      if (expected !== 'refused') accepted += 1;
      expect(await onChain('multiProofRoot', [leaves, positions.map(BigInt), BigInt(depth), siblings])).toBe(expected);
    }
    expect(accepted).toBeGreaterThan(CASES / 2);
  });

  test('a whole tree needs no siblings', async () => {
    const leaves = roots(16);
    let row: Root[] = leaves;
    while (row.length > 1) row = row.flatMap((left, i) => (i % 2 === 0 ? [hashPair(left, row[i + 1]!)] : []));
    const positions = leaves.map((_, i) => BigInt(i));
    expect(await onChain('multiProofRoot', [leaves, positions, 4n, []])).toBe(row[0]);
    const altered = leaves.with(5, flipBit(leaves[5]!, random) as Root);
    expect(await onChain('multiProofRoot', [altered, positions, 4n, []])).not.toBe(row[0]);
  });

  test('with too little gas a proof is never taken for another', async () => {
    const positions = [3n, 4n, 5n, 60n];
    const leaves = roots(4);
    const siblings = roots(siblingsNeeded([3, 4, 5, 60], 10));
    const args = [leaves, positions, 10n, siblings];
    const expected = await onChain('multiProofRoot', args);
    const data = encodeFunctionData({ abi: harness.abi, functionName: 'multiProofRoot', args });
    const results = await chain.read<Hex[]>(harness, 'underGas', [data, 0n, 20n, 900n]);
    const answered = results.filter((result) => result !== '0x');
    expect(answered.length).toBeGreaterThan(10);
    expect(answered.length).toBeLessThan(890);
    expect(new Set(answered)).toEqual(new Set([expected]));
  });

  test('a progressive tree, every choice of its first 21 leaves hashed the plain way', async () => {
    const leaves = roots(21);
    const rest = random.root() as Root; // the chain after three subtrees
    const levels = [leaves.slice(0, 1), leaves.slice(1, 5), leaves.slice(5, 21)].map(allLevels);
    const expected = levels.reduceRight((next, tree) => hashPair(tree.at(-1)![0]!, next), rest);
    for (let turn = 0; turn < 200; turn += 1) {
      const positions = random.distinct(1 + random.below(21), 21);
      const { siblings } = progressiveProof(levels, positions, rest);
      const chosen = positions.map((position) => leaves[position]!);
      expect(await onChain('progressiveRoot', [chosen, positions.map(BigInt), siblings])).toBe(expected);
      expect(await onChain('progressiveRoot', [chosen, positions.map(BigInt), [...siblings, rest]])).toBe('refused');
      expect(await onChain('progressiveRoot', [chosen, positions.map(BigInt), siblings.slice(1)])).toBe('refused');
    }
  });
});

function siblingsNeeded(positions: readonly number[], depth: number): number {
  let needed = 0;
  let row = [...positions];
  for (let level = 0; level < depth; level += 1) {
    const known = new Set(row);
    needed += row.filter((position) => !known.has(position ^ 1)).length;
    row = [...new Set(row.map((position) => position >> 1))];
  }
  return needed;
}

function allLevels(leaves: Root[]): Root[][] {
  const levels = [leaves];
  for (let row = leaves; row.length > 1; levels.push(row)) {
    const below = row;
    row = below.flatMap((left, i) => (i % 2 === 0 ? [hashPair(left, below[i + 1]!)] : []));
  }
  return levels;
}

/** By the definition in `MultiProof.sol`, from whole subtrees. */
function progressiveProof(levels: readonly Root[][][], positions: readonly number[], rest: Root): { siblings: Root[] } {
  const siblings: Root[] = [];
  const firsts = [0, 1, 5, 21];
  const touched = [0, 1, 2].filter((s) => positions.some((p) => p >= firsts[s]! && p < firsts[s + 1]!));
  for (const s of touched) {
    let row = positions.filter((p) => p >= firsts[s]! && p < firsts[s + 1]!).map((p) => p - firsts[s]!);
    for (const level of levels[s]!.slice(0, -1)) {
      const known = new Set(row);
      siblings.push(...row.filter((p) => !known.has(p ^ 1)).map((p) => level[p ^ 1]!));
      row = [...new Set(row.map((p) => p >> 1))];
    }
  }
  const last = touched.at(-1)!;
  let next = rest;
  for (let s = 2; s > last; s -= 1) next = hashPair(levels[s]!.at(-1)![0]!, next);
  siblings.push(next);
  for (let s = last - 1; s >= 0; s -= 1) if (!touched.includes(s)) siblings.push(levels[s]!.at(-1)![0]!);
  return { siblings };
}

import { fromHex, type Root, toHex } from '@holdfast/units';
import { SLOTS_PER_HISTORICAL_ROOT } from '@lodestar/params';
import { ssz } from '@lodestar/types';
import { describe, expect, it } from 'vitest';
import { blockRootsOf, historicalHop, STATE_FORKS, verifyBranch } from '../src/index.ts';
import { flipBit, fromValue, randomBytes, sampleValue, seeded } from './states.ts';

const SPHR = SLOTS_PER_HISTORICAL_ROOT;

/** A recent state whose second summary is that of known block roots; slot 5·SPHR + 10. */
function stateWithHistory(fork: (typeof STATE_FORKS)[number]) {
  const random = seeded(5);
  const old = Array.from({ length: SPHR }, () => randomBytes(random, 32));
  old[8] = old[7]!;
  const value = sampleValue(fork, { slot: 5 * SPHR + 10, summaries: 5 });
  value.blockRoots[4] = value.blockRoots[3]!;
  value.historicalSummaries[1]!.blockSummaryRoot = ssz.phase0.HistoricalBlockRoots.hashTreeRoot(old);
  return { state: fromValue(fork, value), value, old: old.map((root) => toHex(root) as Root) };
}

describe('historicalHop', () => {
  it('goes through block_roots within the last SLOTS_PER_HISTORICAL_ROOT slots', () => {
    for (const fork of STATE_FORKS) {
      const { state, value } = stateWithHistory(fork);
      for (const target of [state.slot - 1, state.slot - SPHR, 5 * SPHR, 5 * SPHR - 1]) {
        const hop = historicalHop(state, target);
        expect(hop.kind).toBe('block_roots');
        expect(hop.leaf).toBe(toHex(value.blockRoots[target % SPHR]!));
        expect(verifyBranch(hop.leaf, hop.gindex, hop.branch, state.root)).toBe(true);
      }
    }
  });

  it('goes through historical_summaries before that, in one branch to the recent root', () => {
    for (const fork of STATE_FORKS) {
      const { state, old } = stateWithHistory(fork);
      const target = SPHR + 17;
      const hop = historicalHop(state, target, old);
      expect([hop.kind, hop.summaryIndex, hop.position]).toEqual(['historical_summaries', 1, 17]);
      expect(hop.leaf).toBe(old[17]);
      expect(verifyBranch(hop.leaf, hop.gindex, hop.branch, state.root)).toBe(true);
      for (let i = 0; i < hop.branch.length; i += 1) {
        const mutated = hop.branch.map((sibling, j) => (j === i ? (flipBit(sibling, i) as Root) : sibling));
        expect(verifyBranch(hop.leaf, hop.gindex, mutated, state.root)).toBe(false);
      }
    }
  });

  it('says when a slot was missed, because its root is that of the block before', () => {
    const { state, old } = stateWithHistory('fulu');
    expect(historicalHop(state, 5 * SPHR + 4).missed).toBe(true);
    expect(historicalHop(state, 5 * SPHR + 5).missed).toBe(false);
    expect(historicalHop(state, state.slot - SPHR).missed).toBeNull();
    expect(historicalHop(state, SPHR + 8, old).missed).toBe(true);
    expect(historicalHop(state, SPHR + 9, old).missed).toBe(false);
    expect(historicalHop(state, SPHR, old).missed).toBeNull();
  });

  it('counts summaries from where historical_roots were frozen', () => {
    const value = sampleValue('fulu', { slot: 5 * SPHR + 10, summaries: 3 });
    value.historicalRoots = [new Uint8Array(32), new Uint8Array(32)];
    const old = Array.from({ length: SPHR }, (_, i) => new Uint8Array(32).fill(i));
    value.historicalSummaries[0]!.blockSummaryRoot = ssz.phase0.HistoricalBlockRoots.hashTreeRoot(old);
    const state = fromValue('fulu', value);
    const roots = old.map((root) => toHex(root) as Root);
    expect(historicalHop(state, 2 * SPHR + 3, roots).summaryIndex).toBe(0);
    expect(() => historicalHop(state, 2 * SPHR - 1, roots)).toThrow(/no historical summary/);
  });

  it('takes the roots of a period from a state at its end', () => {
    const { value } = stateWithHistory('fulu');
    expect(blockRootsOf(fromValue('fulu', value)).map((root) => fromHex(root))).toEqual(value.blockRoots);
  });

  it('refuses the future, false roots and missing roots, and says which state to load', () => {
    const { state, old } = stateWithHistory('fulu');
    expect(() => historicalHop(state, state.slot)).toThrow(/not before/);
    expect(() => historicalHop(state, -1)).toThrow(/not before/);
    expect(() => historicalHop(state, SPHR + 1)).toThrow(new RegExp(`state of slot ${2 * SPHR}`));
    const lying = old.with(3, flipBit(old[3]!, 0) as Root);
    expect(() => historicalHop(state, SPHR + 1, lying)).toThrow(/not those of the period/);
  });
});

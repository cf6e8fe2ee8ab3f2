import type { Pubkey, Root } from '@holdfast/units';
import { toHex } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import {
  findValidators,
  getTotalActiveBalance,
  getTotalSlashed,
  LoadedState,
  STATE_FORKS,
  validatorFields,
} from '../src/index.ts';
import { fromValue, sampleValue } from './states.ts';
import { doubleVote, transitionState } from './transition.ts';

describe('the registry', () => {
  it('is searched by credentials and by key, on every fork', () => {
    for (const fork of STATE_FORKS) {
      const value = sampleValue(fork, { validators: 90 });
      const ours = new Uint8Array(32).fill(2);
      for (const i of [4, 20, 88]) value.validators[i]!.withdrawalCredentials = ours;
      const state = fromValue(fork, value);
      const withdrawalCredentials = toHex(ours) as Root;
      const found = findValidators(state, { withdrawalCredentials });
      expect(found.map(({ index }) => index)).toEqual([4, 20, 88]);
      expect(found[1]).toEqual({ index: 20, fields: validatorFields(state, 20), balance: state.balance(20) });
      const keys = [7, 20].map((i) => toHex(value.validators[i]!.pubkey) as Pubkey);
      expect(findValidators(state, { pubkeys: keys }).map(({ index }) => index)).toEqual([7, 20]);
      expect(findValidators(state, { pubkeys: keys, withdrawalCredentials }).map(({ index }) => index)).toEqual([20]);
      expect(findValidators(state, {}).length).toBe(90);
    }
  });

  it('adds up to the totals of the state transition', () => {
    const state = transitionState({ balancesEth: Array.from({ length: 64 }, (_, i) => 32 + i) });
    const load = () => new LoadedState('fulu', state);
    const active = BigInt(state.epochCtx.totalActiveBalanceIncrements) * 1_000_000_000n;
    expect(getTotalActiveBalance(load(), state.epochCtx.epoch)).toBe(active);
    expect(getTotalSlashed(load())).toBe(0n);
    doubleVote(state, [5, 9]);
    expect(getTotalSlashed(load())).toBe((37n + 41n) * 1_000_000_000n);
    expect(getTotalActiveBalance(load(), 10_000)).toBe(active - (37n + 41n) * 1_000_000_000n);
  });
});

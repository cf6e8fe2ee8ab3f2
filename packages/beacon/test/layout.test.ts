import { describe, expect, it } from 'vitest';
import {
  asStateFork,
  chunkGindex,
  forkLayout,
  HEADER_BODY_ROOT_GINDEX,
  HEADER_STATE_ROOT_GINDEX,
  pathGindex,
  STATE_FORKS,
  stateTypeOf,
} from '../src/index.ts';

describe('forkLayout', () => {
  it('gives the generalized indices known of Electra and Fulu', () => {
    for (const fork of ['electra', 'fulu'] as const) {
      const layout = forkLayout(fork);
      expect(layout.validators.gindex).toBe(75n);
      expect(layout.balances.gindex).toBe(76n);
      expect(layout.blockRoots.gindex).toBe(69n);
      expect(layout.historicalSummaries.gindex).toBe(91n);
      expect(layout.pendingDeposits?.gindex).toBe(98n);
      expect(layout.witness).toBe(32n);
      expect(layout.slot).toBe(66n);
      expect(layout.forkField).toBe(67n);
      expect(layout.validators.depth).toBe(40);
      expect(layout.balances.depth).toBe(38);
      expect(layout.historicalSummaries.depth).toBe(24);
      expect(layout.pendingDeposits?.depth).toBe(27);
      expect(layout.payloadExpectedWithdrawals).toBeNull();
    }
  });

  it('gives those of Capella and Deneb, one level shallower', () => {
    for (const fork of ['capella', 'deneb'] as const) {
      const layout = forkLayout(fork);
      expect([layout.validators.gindex, layout.balances.gindex]).toEqual([43n, 44n]);
      expect([layout.blockRoots.gindex, layout.historicalSummaries.gindex]).toEqual([37n, 59n]);
      expect(layout.witness).toBe(16n);
      expect(layout.pendingDeposits).toBeNull();
    }
  });

  it('gives those of Gloas, whose containers and lists are progressive', () => {
    const layout = forkLayout('gloas');
    expect(layout.validators.gindex).toBe(358n);
    expect(layout.balances.gindex).toBe(359n);
    expect(layout.blockRoots.gindex).toBe(352n);
    expect(layout.historicalSummaries.gindex).toBe(2950n);
    expect(layout.pendingDeposits?.gindex).toBe(2957n);
    expect(layout.payloadExpectedWithdrawals?.gindex).toBe(2967n);
    expect(layout.validators.depth).toBeNull();
    expect(layout.historicalSummaries.depth).toBe(24);
    expect(chunkGindex(layout.validators, 0)).toBe(1432n);
  });

  it('has no witness pair in Gloas: genesis_time and genesis_validators_root are not siblings there', () => {
    const layout = forkLayout('gloas');
    expect(layout.witness).toBeNull();
    expect([layout.genesisTime, layout.genesisValidatorsRoot]).toEqual([4n, 40n]);
  });

  it('puts the state root of a header at 11 and its body root at 12', () => {
    expect([HEADER_STATE_ROOT_GINDEX, HEADER_BODY_ROOT_GINDEX]).toEqual([11n, 12n]);
  });

  it('agrees with the SSZ library on every item of every list, progressive ones included', () => {
    for (const fork of STATE_FORKS) {
      const { validators, balances } = forkLayout(fork);
      for (const index of [0, 1, 3, 4, 5, 20, 21, 84, 85, 86, 341, 1_000_000]) {
        expect(chunkGindex(validators, index)).toBe(pathGindex(fork, ['validators', index]));
        expect(chunkGindex(balances, Math.floor(index / 4))).toBe(pathGindex(fork, ['balances', index]));
      }
    }
  });

  it('follows the closed form of EIP-7916 for progressive lists: k = ⌊log4(3i + 1)⌋', () => {
    const { validators } = forkLayout('gloas');
    for (let i = 0n; i < 400n; i += 1n) {
      let k = 0n;
      while (4n ** (k + 1n) <= 3n * i + 1n) k += 1n;
      const relative = ((((3n << k) - 1n) * 2n) << (2n * k)) + (i - (4n ** k - 1n) / 3n);
      const inList = chunkGindex(validators, Number(i));
      const depth = BigInt(relative.toString(2).length - 1);
      // The formula starts at the list's root: its first step is to the data part.
      expect(inList).toBe((validators.gindex << depth) + relative - (1n << depth));
    }
  });

  it('refuses an unknown fork', () => {
    expect(() => asStateFork('heze')).toThrow(/not supported.*heze/);
    expect(() => stateTypeOf(asStateFork('phase0'))).toThrow(/not supported/);
  });
});

import type { Hex } from '@holdfast/units';
import { zeroAddress } from 'viem';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Layout, layoutOf } from '../support/beacon-proofs.ts';
import { type Chain, type Deployed, startChain } from '../support/chain.ts';

const WITNESS: Hex = `0x${'5a'.repeat(32)}`;

describe('ForkLayouts', () => {
  const layouts = [layoutOf('electra', 10), layoutOf('fulu', 200)];
  const next = layoutOf('gloas', 400);
  let chain: Chain;
  let appender: Hex;
  beforeAll(async () => {
    chain = await startChain({}, ['ForkLayouts']);
    appender = chain.accounts[1]!;
  });
  const deploy = (list: Layout[] = layouts, by: Hex = appender): Promise<Deployed> =>
    chain.deploy('ForkLayouts', [list, WITNESS, 64n, 128n, by]);
  const layoutAt = (contract: Deployed, slot: bigint) => chain.read<Layout>(contract, 'layoutAt', [slot]);

  test('gives the layout of a slot, newest first, with the chain constants', async () => {
    const contract = await deploy();
    for (const [slot, layout] of [
      [10n, layouts[0]],
      [199n, layouts[0]],
      [200n, layouts[1]],
      [2n ** 64n - 1n, layouts[1]],
    ] as const) {
      expect(await layoutAt(contract, slot)).toEqual(layout);
      expect(await chain.read(contract, 'anchorAt', [slot])).toEqual([layout, WITNESS]);
      expect(await chain.read(contract, 'hopAt', [slot])).toEqual([layout, 64n, 128n]);
    }
    expect(await chain.errorName(contract, 'layoutAt', [9n])).toBe('LayoutUnknown');
    expect(await chain.read(contract, 'genesisWitness', [])).toBe(WITNESS);
    expect(await chain.read(contract, 'count', [])).toBe(2n);
    expect(await chain.read(contract, 'layoutByPosition', [0n])).toEqual(layouts[0]);
    expect(await chain.read(contract, 'layoutByPosition', [1n])).toEqual(layouts[1]);
  });

  test('grows at the newer end only, by the appender only', async () => {
    const contract = await deploy();
    expect(await chain.errorName(contract, 'append', [next])).toBe('OnlyAppender');
    for (const fromSlot of [0n, 199n, 200n]) {
      expect(await chain.errorName(contract, 'append', [{ ...next, fromSlot }], appender)).toBe('LayoutNotNewer');
    }
    await chain.send(contract, 'append', [next], appender);
    expect(await chain.read(contract, 'count', [])).toBe(3n);
    expect(await layoutAt(contract, 399n)).toEqual(layouts[1]);
    expect(await layoutAt(contract, 400n)).toEqual(next);
    expect(await layoutAt(contract, 10n)).toEqual(layouts[0]);
    expect(await chain.errorName(contract, 'append', [next], appender)).toBe('LayoutNotNewer');
  });

  test('without an appender nobody appends, ever', async () => {
    const contract = await deploy(layouts, zeroAddress);
    for (const from of [...chain.accounts, zeroAddress]) {
      expect(await chain.errorName(contract, 'append', [next], from)).toBe('OnlyAppender');
    }
  });

  test('refuses a layout whose indices name no field, or one field twice', async () => {
    const contract = await deploy();
    const fields = [
      'validators',
      'balances',
      'pendingDeposits',
      'blockRoots',
      'historicalSummaries',
      'genesis',
      'withdrawals',
    ] as const;
    for (const field of fields) {
      for (const gindex of [0, 1, ...fields.filter((other) => other !== field).map((other) => next[other])]) {
        const error = await chain.errorName(contract, 'append', [{ ...next, [field]: gindex }], appender);
        expect(error, `${field} at ${gindex}`).toBe('LayoutMalformed');
      }
    }
  });

  test('refuses constants that no chain has', async () => {
    const attempt = (list: Layout[], witness: Hex, perRoot: bigint, summaries: bigint) =>
      chain.deployError('ForkLayouts', [list, witness, perRoot, summaries, appender]);
    const none: Hex = `0x${'00'.repeat(32)}`;
    expect(await attempt([], WITNESS, 64n, 0n)).toBe('NoLayouts');
    expect(await attempt(layouts, none, 64n, 0n)).toBe('BadChainConstants');
    expect(await attempt(layouts, WITNESS, 0n, 0n)).toBe('BadChainConstants');
    expect(await attempt(layouts, WITNESS, 63n, 0n)).toBe('BadChainConstants');
    expect(await attempt(layouts, WITNESS, 64n, 65n)).toBe('BadChainConstants');
    expect(await attempt([...layouts].reverse(), WITNESS, 64n, 0n)).toBe('LayoutNotNewer');
    expect(await attempt([{ ...next, balances: 1 }], WITNESS, 64n, 0n)).toBe('LayoutMalformed');
  });
});

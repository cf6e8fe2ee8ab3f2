import { ABIS } from '@holdfast/pool';
import { type Abi, toFunctionSelector, toFunctionSignature } from 'viem';
import { expect, test } from 'vitest';
import { queueAbi, tokenAbi, vaultAbi } from '../src/web/wallet/abi.ts';

test.each([
  ['vault', vaultAbi],
  ['token', tokenAbi],
  ['queue', queueAbi],
] as const)('what the page calls of the %s is what the contracts have', (part, abi) => {
  const theirs = (ABIS[part] as Abi).filter((item) => item.type === 'function' || item.type === 'error');
  for (const item of abi as Abi) {
    if (item.type !== 'function' && item.type !== 'error') throw new Error(`unexpected ${item.type}`);
    const same = theirs.find(({ type, name }) => type === item.type && name === item.name);
    expect(same, item.name).toBeDefined();
    const types = (inputs: readonly { readonly type: string }[]) => inputs.map(({ type }) => type);
    expect(types(same!.inputs)).toEqual(types(item.inputs));
    if (item.type === 'function' && same?.type === 'function') {
      expect(toFunctionSelector(toFunctionSignature(same))).toBe(toFunctionSelector(toFunctionSignature(item)));
      expect(types(same.outputs)).toEqual(types(item.outputs));
      expect(same.stateMutability).toBe(item.stateMutability);
    }
  }
});

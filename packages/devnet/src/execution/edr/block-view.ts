import type { Hex } from '@holdfast/units';
import type { BlockAttributes } from '../port.ts';

/**
 * EDR seals without the beacon side's fields: its blocks carry no withdrawals and a made-up parent beacon root. Readers
 * get the true ones. (The block hash stays EDR's own and is not the hash of the header so shown.)
 */
export function withBeaconFields(block: unknown, attributesOf: (hash: string) => BlockAttributes | undefined): unknown {
  if (typeof block !== 'object' || block === null) return block;
  const hash = (block as { hash?: unknown }).hash;
  const attributes = typeof hash === 'string' ? attributesOf(hash) : undefined;
  if (attributes === undefined) return block;
  return {
    ...block,
    parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
    withdrawals: attributes.withdrawals.map(({ index, validatorIndex, address, amount }) => ({
      index: quantity(index),
      validatorIndex: quantity(validatorIndex),
      address,
      amount: quantity(amount),
    })),
  };
}

const quantity = (value: bigint): Hex => `0x${value.toString(16)}`;

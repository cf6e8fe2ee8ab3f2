import type { Hex } from '@holdfast/units';
import type { BlockAttributes } from '../port.ts';

/** Calls that take a block tag, and at which place. `pending` means `latest` in them: nothing is ever half-built. */
const STATE_TAG_AT: Readonly<Record<string, number>> = {
  eth_call: 1,
  eth_estimateGas: 1,
  eth_getBalance: 1,
  eth_getCode: 1,
  eth_getStorageAt: 2,
  eth_getProof: 2,
  eth_getBlockByNumber: 0,
  eth_getBlockTransactionCountByNumber: 0,
  eth_getTransactionByBlockNumberAndIndex: 0,
  eth_getTransactionCount: 1,
  eth_feeHistory: 1,
};

/** The pool counts: a wallet numbers its next transaction by the pending nonce. */
const PENDING_ALLOWED = new Set(['eth_getTransactionCount', 'eth_getBlockByNumber']);

export interface FinalityNumbers {
  readonly safe: number;
  readonly finalized: number;
}

/** Puts block numbers for the tags that EDR knows nothing of, and keeps calls off EDR's imagined pending block. */
export function resolveTags(method: string, params: readonly unknown[], marks: FinalityNumbers): readonly unknown[] {
  if (method === 'eth_getLogs' || method === 'eth_newFilter')
    return [resolveFilter(params[0], marks), ...params.slice(1)];
  const at = STATE_TAG_AT[method];
  if (at === undefined) return params;
  const tag = params[at];
  const resolved =
    tag === undefined && method === 'eth_estimateGas'
      ? 'latest'
      : tag === 'pending' && !PENDING_ALLOWED.has(method)
        ? 'latest'
        : resolveTag(tag, marks);
  return resolved === tag ? params : [...params.slice(0, at), resolved, ...params.slice(at + 1)];
}

function resolveTag(tag: unknown, marks: FinalityNumbers): unknown {
  if (tag === 'safe') return `0x${marks.safe.toString(16)}`;
  if (tag === 'finalized') return `0x${marks.finalized.toString(16)}`;
  return tag;
}

function resolveFilter(filter: unknown, marks: FinalityNumbers): unknown {
  if (typeof filter !== 'object' || filter === null) return filter;
  const entries = Object.entries(filter).map(([name, value]) =>
    name === 'fromBlock' || name === 'toBlock' ? [name, resolveTag(value, marks)] : [name, value],
  );
  return Object.fromEntries(entries) as unknown;
}

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

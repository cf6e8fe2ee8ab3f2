import type { Hex } from '@holdfast/units';

/** Calls that take a block tag, and at which place. */
const TAG_AT: Readonly<Record<string, number>> = {
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

/** Where the block tags `safe` and `finalized` stand. */
export interface FinalityNumbers {
  readonly safe: number;
  readonly finalized: number;
}

/**
 * Makes block tags mean the same on every client: `safe` and `finalized` are the numbers that the beacon side told, a
 * missing tag is `latest`, and so is `pending`, as no block is ever half-built. Only the pending nonce remains: it counts
 * the pool.
 */
export function resolveTags(method: string, params: readonly unknown[], marks: FinalityNumbers): readonly unknown[] {
  if (method === 'eth_getLogs' || method === 'eth_newFilter') {
    return [resolveFilter(params[0], marks), ...params.slice(1)];
  }
  const at = TAG_AT[method];
  // With an argument before the tag missing, the call is malformed: the client shall say so.
  if (at === undefined || params.length < at) return params;
  const resolved = resolveTag(params[at], marks, method === 'eth_getTransactionCount');
  return [...params.slice(0, at), resolved, ...params.slice(at + 1)];
}

function resolveTag(tag: unknown, marks: FinalityNumbers, poolCounts: boolean): unknown {
  if (tag === 'safe') return number(marks.safe);
  if (tag === 'finalized') return number(marks.finalized);
  if (tag === undefined || (tag === 'pending' && !poolCounts)) return 'latest';
  return tag;
}

function resolveFilter(filter: unknown, marks: FinalityNumbers): unknown {
  if (typeof filter !== 'object' || filter === null) return filter;
  const entries = Object.entries(filter).map(([name, value]): [string, unknown] =>
    (name === 'fromBlock' || name === 'toBlock') && value !== undefined
      ? [name, resolveTag(value, marks, false)]
      : [name, value],
  );
  return Object.fromEntries(entries);
}

const number = (value: number): Hex => `0x${value.toString(16)}`;

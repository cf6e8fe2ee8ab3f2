import type { Hex } from '@holdfast/units';
import type { AbiEvent, Log, PublicClient } from 'viem';

/** A log that is in a block. */
export type MinedLog = Log<bigint, number, false>;

export interface LogRange {
  readonly publicClient: PublicClient;
  readonly address: Hex | readonly Hex[];
  readonly fromBlock: bigint;
  readonly toBlock: bigint;
  /** Only this event; default all. */
  readonly event?: AbiEvent | undefined;
}

type LogFilter = { readonly address: Hex | Hex[]; readonly fromBlock: bigint; readonly toBlock: bigint };

/** Below this a refused range is no matter of its size. */
const SPAN_MIN = 16n;

/**
 * The logs of addresses in a range of blocks, in the chain's order. Nodes bound the range or the number of logs, each in
 * its own words: a refused range is asked for in halves.
 */
export async function logsIn(range: LogRange): Promise<MinedLog[]> {
  const { publicClient, fromBlock, toBlock } = range;
  if (fromBlock > toBlock) return [];
  const address = typeof range.address === 'string' ? range.address : [...range.address];
  try {
    return (await publicClient.getLogs({ address, fromBlock, toBlock, event: range.event } as LogFilter)) as MinedLog[];
  } catch (error) {
    if (toBlock - fromBlock < SPAN_MIN) throw error;
    const middle = (fromBlock + toBlock) / 2n;
    const first = await logsIn({ ...range, toBlock: middle });
    return [...first, ...(await logsIn({ ...range, fromBlock: middle + 1n }))];
  }
}

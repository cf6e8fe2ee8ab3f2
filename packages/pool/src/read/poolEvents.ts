import type { Hex } from '@holdfast/units';
import { type AbiParameterToPrimitiveType, type ContractEventName, decodeEventLog } from 'viem';
import { PoolReadError } from '../errors.ts';
import type { Pool } from '../Pool.ts';
import { ABIS } from './at.ts';
import { logsIn } from './logs.ts';

type Abis = typeof ABIS;

/** Where an event stands in the chain. */
export interface EventPlace {
  readonly blockNumber: bigint;
  readonly logIndex: number;
  readonly transactionHash: Hex;
}

type InputsOf<P extends keyof Abis, N> = Extract<
  Abis[P][number],
  { readonly type: 'event'; readonly name: N }
>['inputs'][number];

/** An event's arguments by their Solidity names. */
type ArgsOf<P extends keyof Abis, N> = {
  readonly [I in InputsOf<P, N> as I['name']]: AbiParameterToPrimitiveType<I>;
};

type EventOf<P extends keyof Abis, N extends ContractEventName<Abis[P]>> = N extends unknown
  ? EventPlace & { readonly part: P; readonly name: N; readonly args: ArgsOf<P, N> }
  : never;

type PartEvent<P extends keyof Abis> = P extends unknown ? EventOf<P, ContractEventName<Abis[P]>> : never;

/**
 * Any event of the pool, told apart by `part` and `name`.
 *
 * @example if (event.part === 'ledger' && event.name === 'Slashed') show(event.args.ordinal);
 */
export type PoolEvent = PartEvent<keyof Abis>;

/** Every event of the pool's parts in the blocks `from` to `to` (both included), in the chain's order. */
export async function poolEvents(pool: Pool, from: bigint, to: bigint): Promise<PoolEvent[]> {
  const { publicClient, manifest } = pool;
  const parts = Object.keys(ABIS) as (keyof Abis)[];
  const partAt = new Map(parts.map((part) => [manifest.addresses[part].toLowerCase(), part]));
  const logs = await logsIn({
    publicClient,
    address: parts.map((part) => manifest.addresses[part]),
    fromBlock: from > manifest.block ? from : manifest.block,
    toBlock: to,
  });
  const events = logs.map((log): PoolEvent => {
    const part = partAt.get(log.address.toLowerCase());
    if (part === undefined) {
      throw new PoolReadError('the node gave a log that was not asked for', { data: { address: log.address } });
    }
    const { eventName, args } = decodeEventLog({ abi: ABIS[part], data: log.data, topics: log.topics });
    const { blockNumber, logIndex, transactionHash } = log;
    return { part, name: eventName, args, blockNumber, logIndex, transactionHash } as PoolEvent;
  });
  return events.sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
}

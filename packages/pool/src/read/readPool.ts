import type { BlockTag } from 'viem';
import type { Pool } from '../Pool.ts';
import { type ReadAt, readAt, readFields } from './at.ts';
import { readOperators } from './readOperators.ts';
import { readValidators } from './readValidators.ts';
import type { CheckpointSnapshot, PoolSnapshot, QueueSnapshot } from './snapshot.ts';

/**
 * The whole pool in the state of one block: every call is pinned to its number, so nothing in the snapshot is of
 * another moment.
 *
 * @param at a block number or a tag; default `latest`
 */
export async function readPool(pool: Pool, at: bigint | BlockTag = 'latest'): Promise<PoolSnapshot> {
  const { publicClient, manifest } = pool;
  const block = await publicClient.getBlock(typeof at === 'bigint' ? { blockNumber: at } : { blockTag: at });
  const number = block.number!;
  const read = readAt(pool, number);
  const [rate, highWater, totalShares, totalAssets, vault, queue, checkpoint, ledger, operators, validators] =
    await Promise.all([
      readRate(read),
      read('vault', 'highWater'),
      read('token', 'totalSupply'),
      read('vault', 'totalAssets'),
      readVault(read, () => publicClient.getBalance({ address: manifest.addresses.vault, blockNumber: number })),
      readQueue(read, () => publicClient.getBalance({ address: manifest.addresses.queue, blockNumber: number })),
      readCheckpoint(read),
      readLedger(read),
      readOperators(read),
      readValidators(pool, read, number),
    ]);
  return {
    block: { number, timestamp: block.timestamp },
    rate,
    highWater,
    totalShares,
    totalAssets,
    vault,
    queue,
    checkpoint,
    ledger,
    operators,
    validators,
  };
}

async function readRate(read: ReadAt): Promise<PoolSnapshot['rate']> {
  const { current, target, reachedAt } = await readFields(read, 'vault', 'rateSchedule');
  return { current, target, reachedAt };
}

async function readVault(read: ReadAt, balanceOf: () => Promise<bigint>): Promise<PoolSnapshot['vault']> {
  const [balance, freeCash, stakeableCash, claimableNow, { reserve, feesOwed }] = await Promise.all([
    balanceOf(),
    read('vault', 'freeCash'),
    read('vault', 'stakeableCash'),
    read('vault', 'claimableNow'),
    readFields(read, 'vault', 'liabilities'),
  ]);
  return { balance, freeCash, stakeableCash, claimableNow, reserve, feesOwed };
}

async function readQueue(read: ReadAt, balanceOf: () => Promise<bigint>): Promise<QueueSnapshot> {
  const [balance, state, queuedShares] = await Promise.all([
    balanceOf(),
    readFields(read, 'queue', 'state'),
    read('queue', 'queuedShares'),
  ]);
  return {
    balance,
    lastId: BigInt(state.lastId),
    lastBlock: BigInt(state.lastBlock),
    earlierId: BigInt(state.earlierId),
    finalizedId: BigInt(state.finalizedId),
    frozenId: BigInt(state.frozenId),
    payableId: BigInt(state.payableId),
    queuedShares,
  };
}

/** The checkpoint in progress, or the last one. */
async function readCheckpoint(read: ReadAt): Promise<CheckpointSnapshot> {
  const checkpoint = await readFields(read, 'ledger', 'checkpoint');
  return {
    ...checkpoint,
    slot: Number(checkpoint.slot),
    startSlot: Number(checkpoint.startSlot),
    startedAt: BigInt(checkpoint.startedAt),
  };
}

async function readLedger(read: ReadAt): Promise<PoolSnapshot['ledger']> {
  const [liveCount, lastOrdinal, fundCursor, exitCursor, leavingGwei, shortfall] = await Promise.all([
    read('ledger', 'liveCount'),
    read('ledger', 'lastOrdinal'),
    read('ledger', 'fundCursor'),
    read('ledger', 'exitCursor'),
    read('ledger', 'leavingGwei'),
    read('ledger', 'shortfall'),
  ]);
  return { liveCount, lastOrdinal, fundCursor, exitCursor, leavingGwei, shortfall };
}

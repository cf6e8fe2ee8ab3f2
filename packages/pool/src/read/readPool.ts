import type { BlockTag } from 'viem';
import type { Pool } from '../Pool.ts';
import { type ReadAt, readAt } from './at.ts';
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
  const [current, target, reachedAt] = await read('vault', 'rateSchedule');
  return { current, target, reachedAt };
}

async function readVault(read: ReadAt, balanceOf: () => Promise<bigint>): Promise<PoolSnapshot['vault']> {
  const [balance, freeCash, stakeableCash, claimableNow, [reserve, feesOwed]] = await Promise.all([
    balanceOf(),
    read('vault', 'freeCash'),
    read('vault', 'stakeableCash'),
    read('vault', 'claimableNow'),
    read('vault', 'liabilities'),
  ]);
  return { balance, freeCash, stakeableCash, claimableNow, reserve, feesOwed };
}

async function readQueue(read: ReadAt, balanceOf: () => Promise<bigint>): Promise<QueueSnapshot> {
  const [balance, state, queuedShares] = await Promise.all([
    balanceOf(),
    read('queue', 'state'),
    read('queue', 'queuedShares'),
  ]);
  const [lastId, finalizedId, frozenId, payableId] = state.slice(0, 4).map(BigInt) as [bigint, bigint, bigint, bigint];
  return { balance, lastId, finalizedId, frozenId, payableId, queuedShares };
}

/** The checkpoint in progress, or the last one. */
async function readCheckpoint(read: ReadAt): Promise<CheckpointSnapshot> {
  const [root, stateRoot, slot, startSlot, startedAt, remaining, sumGwei, open] = await read('ledger', 'checkpoint');
  return {
    root,
    stateRoot,
    slot: Number(slot),
    startSlot: Number(startSlot),
    startedAt: BigInt(startedAt),
    remaining,
    sumGwei,
    open,
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

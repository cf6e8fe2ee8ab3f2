import {
  type OperatorSnapshot,
  type Pool,
  type PoolEvent,
  type PoolSnapshot,
  poolEvents,
  readPool,
} from '@holdfast/pool';
import { sameHex } from '@holdfast/units';
import type { TransactionReceipt, WalletClient } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Context } from '../../context.ts';
import { CliNetworkError, CliUsageError } from '../../errors.ts';
import { requireManifest } from '../../manifest.ts';
import { connectExecution } from '../../net/clients.ts';
import { readAccount } from '../../secrets/account.ts';
import type { OperatorOptions } from './command.ts';

/** A pool, and the account that acts on it. */
export interface ActingPool extends Pool {
  readonly walletClient: WalletClient;
  readonly account: PrivateKeyAccount;
  /** What files are named from. */
  readonly cwd: string;
}

/** @throws CliUsageError when the node is on another chain than the pool */
export async function poolOf(options: OperatorOptions, context: Context): Promise<ActingPool> {
  const manifest = requireManifest(options.pool);
  const account = readAccount(options, context.io, context.warn);
  const { publicClient, wallet } = await connectExecution(options.rpcUrl);
  const chainId = await publicClient.getChainId();
  if (chainId !== manifest.chainId) {
    throw new CliUsageError('the execution node is on another chain than the pool', {
      data: { pool: manifest.chainId, node: chainId },
    });
  }
  return { manifest, publicClient, walletClient: wallet(account), account, cwd: context.io.cwd };
}

/** The operator that is named, or the only one that the account manages. @throws CliUsageError */
export async function operatorIn(
  pool: ActingPool,
  id: number | undefined,
): Promise<{ readonly snapshot: PoolSnapshot; readonly operator: OperatorSnapshot }> {
  const snapshot = await readPool(pool);
  const managed = snapshot.operators.filter(({ manager }) => sameHex(manager, pool.account.address));
  const found = id === undefined ? managed : snapshot.operators.filter((operator) => operator.id === id);
  const [operator] = found;
  if (operator && found.length === 1) return { snapshot, operator };
  if (id !== undefined) {
    throw new CliUsageError('the pool has no such operator', {
      data: { operatorId: id, operators: snapshot.operators.length },
    });
  }
  throw new CliUsageError(
    managed.length === 0 ? 'this account manages no operator of the pool' : 'this account manages several operators',
    {
      data: { account: pool.account.address, operators: managed.map((each) => each.id) },
      fix: managed.length === 0 ? 'Register one first: holdfast operator register' : 'Say which with --operator-id',
    },
  );
}

/** Wei that the bond of an operator with so many validators must hold. */
export function bondFor({ manifest }: ActingPool, validators: number): bigint {
  const { base, perValidator } = manifest.config.bond;
  return validators === 0 ? 0n : base + perValidator * BigInt(validators - 1);
}

/** What a transaction did, which its simulation may have seen otherwise. @throws CliNetworkError when it is not there */
export async function eventOf<Name extends PoolEvent['name']>(
  pool: ActingPool,
  { blockNumber, transactionHash }: TransactionReceipt,
  name: Name,
): Promise<Extract<PoolEvent, { readonly name: Name }>> {
  const events = await poolEvents(pool, blockNumber, blockNumber);
  const found = events.find((event) => event.name === name && event.transactionHash === transactionHash);
  if (found) return found as Extract<PoolEvent, { readonly name: Name }>;
  throw new CliNetworkError('the execution node does not show what the transaction did', {
    data: { event: name, hash: transactionHash },
    fix: 'It was mined: look with `holdfast status` before you repeat it',
  });
}

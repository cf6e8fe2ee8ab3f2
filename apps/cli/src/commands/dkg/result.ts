import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterLock, depositFiles, formatLock, publicKeyOf, verifyLock } from '@holdfast/keys';
import type { CeremonyOutcome } from '@holdfast/node';
import { openSqliteProtection } from '@holdfast/protection';
import { KillSwitch } from '@holdfast/signer';
import { CliKeyError } from '../../errors.ts';
import { IDENTITY_FILE, LOCK_FILE, writeNew } from '../cluster/files.ts';
import { verifyOperator } from '../cluster/signing.ts';
import { type NodeRecord, writeRecord } from '../node/record.ts';
import type { ShareKeeper } from '../node/shares.ts';
import type { Previous } from './previous.ts';

export interface Home {
  readonly directory: string;
  /** Where the identity was found. */
  readonly identityPath: string;
  readonly keeper: ShareKeeper;
  readonly seal: NodeRecord['seal'];
}

/**
 * Checks what came of the ceremony as if a stranger had sent it, then writes it: shares first, the lock last, so that a
 * directory with a lock has all of it.
 *
 * @returns the files with deposit data
 */
export async function writeResult(
  { lock, index, shares }: CeremonyOutcome,
  { directory, identityPath, keeper, seal }: Home,
  previous: Previous | null,
): Promise<readonly string[]> {
  await verifyLock(lock, verifyOperator);
  if (index === undefined) {
    retire(previous);
    return [];
  }
  for (const [i, share] of shares.entries()) {
    if (publicKeyOf(share) === lock.validators[i]!.sharePubkeys[index - 1]) continue;
    throw new CliKeyError('a share that came of the ceremony is not the one in the lock', {
      data: { validator: i, index },
    });
  }
  await keeper.save(lock, index, shares);
  if (!previous) await rememberAsNew(directory, lock, index);
  writeRecord(directory, {
    version: 1,
    lockHash: lock.lockHash,
    origin: previous ? 'resharing' : 'dkg',
    seal,
    startedAt: null,
  });
  const identity = join(directory, IDENTITY_FILE);
  if (!existsSync(identity)) copyFileSync(identityPath, identity);
  const deposits = previous ? [] : writeDeposits(directory, lock);
  writeNew(join(directory, LOCK_FILE), formatLock(lock));
  retire(previous);
  return deposits;
}

/** Shares that were born here have signed nothing: said now, when it is known, and not when a database is missing. */
async function rememberAsNew(directory: string, lock: ClusterLock, index: number): Promise<void> {
  const { genesisValidatorsRoot } = lock.definition.network;
  const store = await openSqliteProtection({ path: join(directory, 'protection.sqlite'), genesisValidatorsRoot });
  try {
    await store.register(lock.validators.map(({ sharePubkeys }) => sharePubkeys[index - 1]!));
  } finally {
    await store.close();
  }
}

function writeDeposits(directory: string, lock: ClusterLock): string[] {
  return depositFiles(lock).map((entries, k) => {
    const gwei = lock.definition.depositAmounts[k]!;
    const path = join(directory, `deposit_data-${Number(gwei) / 1e9}-eth.json`);
    writeNew(path, `${JSON.stringify(entries, null, 2)}\n`);
    return path;
  });
}

/** The old shares must never sign again, whoever starts the old node by mistake. */
function retire(previous: Previous | null): void {
  if (!previous?.membership) return;
  const kill = new KillSwitch({ directory: previous.membership.directory });
  kill.kill({ by: 'holdfast dkg', why: 'the validators were re-dealt: the shares in this directory are void' });
}

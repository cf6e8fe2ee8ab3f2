import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ClusterLock, KeyPair } from '@holdfast/keys';
import { createIdentityFile, loadIdentity, type NodeIdentity, NotAMemberError } from '@holdfast/node';
import { toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { IDENTITY_FILE, LOCK_FILE, readVerifiedLock } from '../cluster/files.ts';
import type { SignerNetwork } from '../signer/networks.ts';
import type { NodeOptions } from './command.ts';
import { type NodeRecord, writeRecord } from './record.ts';
import { loadShares, openKeystores } from './shares.ts';
import { soloLock } from './solo.ts';

/** What the directory holds, checked: nothing of it has been used yet. */
export interface Loaded {
  readonly directory: string;
  readonly lock: ClusterLock;
  readonly identity: NodeIdentity;
  /** From 1. */
  readonly index: number;
  readonly record: NodeRecord | null;
  /** Null when a remote signer holds them. */
  readonly shares: readonly KeyPair[] | null;
  readonly isSolo: boolean;
}

/** @throws CliUsageError */
export function requireDirectory(directory: string, { keystores }: NodeOptions): void {
  if (keystores !== undefined) {
    if (!existsSync(join(directory, LOCK_FILE))) return;
    throw new CliUsageError('--keystores is for a node without a cluster, and this directory has a lock', {
      data: { directory },
      fix: 'Give another --data-dir',
    });
  }
  if (existsSync(join(directory, LOCK_FILE))) return;
  throw new CliUsageError('this is no directory of a node', {
    data: { directory },
    fix: 'Give the --data-dir that `holdfast dkg` wrote its lock.json into; or --keystores, for whole keys',
  });
}

/** @throws LockError naming the field, NotAMemberError, CliKeyError, CliUsageError */
export async function load(
  directory: string,
  record: NodeRecord | null,
  network: SignerNetwork,
  options: NodeOptions,
  context: Context,
): Promise<Loaded> {
  const identityPath = join(directory, IDENTITY_FILE);
  if (options.keystores !== undefined) return loadSolo(directory, record, network, options, context);
  const { lock } = await readVerifiedLock(join(directory, LOCK_FILE));
  const identity = loadIdentity(identityPath);
  const publicKey = toHex(identity.privateKey.publicKey.raw);
  const index = lock.definition.operators.findIndex((operator) => operator.identity === publicKey) + 1;
  if (index === 0) throw new NotAMemberError(identity.peerId);
  if (record && record.lockHash !== lock.lockHash) {
    throw new CliUsageError('the lock is not the one that this directory was made with', {
      data: { directory, lock: lock.lockHash, madeWith: record.lockHash },
      fix: 'Restore the lock.json of this generation; each generation has a directory of its own',
    });
  }
  const shares =
    options.signerUrl === undefined ? await loadShares(directory, lock, index, record, options, context) : null;
  return { directory, lock, identity, index, record, shares, isSolo: false };
}

async function loadSolo(
  directory: string,
  record: NodeRecord | null,
  network: SignerNetwork,
  options: NodeOptions,
  context: Context,
): Promise<Loaded> {
  const { keystores, passwordFile, feeRecipient, signerUrl } = options;
  if (passwordFile === undefined || feeRecipient === undefined || signerUrl !== undefined) {
    throw new CliUsageError('--keystores goes with --password-file and --fee-recipient, and not with --signer-url');
  }
  const identityPath = join(directory, IDENTITY_FILE);
  const identity = existsSync(identityPath) ? loadIdentity(identityPath) : await createIdentityFile(identityPath);
  const at = (path: string): string => resolve(context.io.cwd, path);
  const shares = await openKeystores(at(keystores!), at(passwordFile), context);
  return {
    directory,
    lock: soloLock(shares, identity, feeRecipient, network),
    identity,
    index: 1,
    record,
    shares,
    isSolo: true,
  };
}

/** From now on something may be signed: a database that is missing later was lost. */
export function rememberStart({ directory, lock, record }: Loaded): void {
  if (record?.startedAt) return;
  const { origin, seal } = record ?? { origin: 'hand' as const, seal: null };
  writeRecord(directory, { version: 1, lockHash: lock.lockHash, origin, seal, startedAt: new Date().toISOString() });
}

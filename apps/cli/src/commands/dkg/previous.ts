import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { KeyPair, VerifiedLock } from '@holdfast/keys';
import { loadIdentity, type NodeIdentity } from '@holdfast/node';
import { toHex } from '@holdfast/units';
import type { Context } from '../../context.ts';
import { CliUsageError } from '../../errors.ts';
import { IDENTITY_FILE, LOCK_FILE, readVerifiedLock } from '../cluster/files.ts';
import { readRecord } from '../node/record.ts';
import { loadShares } from '../node/shares.ts';
import { own } from '../signer/owned.ts';
import type { DkgOptions } from './command.ts';

/** The cluster whose validators are re-dealt, and this node's part in it. */
export interface Previous {
  readonly verified: VerifiedLock;
  /** Its directory, and its shares; null for a node that was not in it. */
  readonly membership: { readonly directory: string; readonly shares: readonly KeyPair[] } | null;
}

/**
 * What is to be re-dealt; null for a first ceremony. The old directory is owned from now on: an old node that still ran
 * could sign beside the new one.
 *
 * @throws CliUsageError, LockError, OwnedError
 */
export async function readPrevious(
  options: DkgOptions,
  generation: number,
  context: Context,
  stack: AsyncDisposableStack,
): Promise<Previous | null> {
  const { previous, previousLock } = options;
  const at = (path: string): string => resolve(context.io.cwd, path);
  const isResharing = previous !== undefined || previousLock !== undefined;
  if (isResharing !== generation > 0 || (previous !== undefined && previousLock !== undefined)) {
    throw new CliUsageError(
      generation > 0 ? 'this definition re-deals validators that exist' : 'this definition makes new validators',
      {
        data: { generation },
        fix:
          generation > 0
            ? 'Give --previous with the directory of the old node, or --previous-lock if there was none here'
            : 'Leave --previous and --previous-lock out',
      },
    );
  }
  if (previousLock !== undefined) return { verified: await readVerifiedLock(at(previousLock)), membership: null };
  if (previous === undefined) return null;
  const directory = at(previous);
  const verified = await readVerifiedLock(join(directory, LOCK_FILE));
  await own({ directory }, 'dkg', context, stack);
  const { operators } = verified.lock.definition;
  const publicKey = publicKeyIn(directory);
  const index = operators.findIndex(({ identity }) => identity === publicKey) + 1;
  if (index === 0) {
    throw new CliUsageError('the identity in the old directory is not in its lock', { data: { directory } });
  }
  const { previousPasswordFile: passwordFile, ...secrets } = options;
  const shareOptions = { ...secrets, passwordFile: passwordFile === undefined ? undefined : at(passwordFile) };
  const shares = await loadShares(directory, verified.lock, index, readRecord(directory), shareOptions, context);
  stack.defer(() => {
    for (const { secret } of shares) secret.fill(0);
  });
  return { verified, membership: { directory, shares } };
}

/** This node's identity: in its directory, or that of the old node, which a member keeps. */
export function identityFor(directory: string, previous: Previous | null): { path: string; identity: NodeIdentity } {
  const candidates = [directory, ...(previous?.membership ? [previous.membership.directory] : [])];
  const path = candidates.map((each) => join(each, IDENTITY_FILE)).find((each) => existsSync(each));
  if (path !== undefined) return { path, identity: loadIdentity(path) };
  throw new CliUsageError('there is no identity in the directory', {
    data: { directory },
    fix: 'Give the --data-dir that `holdfast cluster join` was run with',
  });
}

const publicKeyIn = (directory: string): string =>
  toHex(loadIdentity(join(directory, IDENTITY_FILE)).privateKey.publicKey.raw);

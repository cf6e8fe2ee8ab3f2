import { asRoot, type Root } from '@holdfast/units';
import type { CommitHooks } from '../group-commit.ts';
import type { ProtectionStore } from '../port.ts';
import { Store } from '../store.ts';
import { SqliteBackend } from './backend.ts';
import { openWorker } from './link.ts';

export interface SqliteOptions extends CommitHooks {
  /** The database's file, made if it is not there. Its folder must be there, on a disk of this machine. */
  readonly path: string;
  readonly genesisValidatorsRoot: Root;
}

/**
 * Opens the embedded store: one file, one process. A second process that opens it gets ProtectionLockedError.
 * The database lives on a thread of its own. A verdict "allowed" is given after the commit was fsynced.
 */
export async function openSqliteProtection(options: SqliteOptions): Promise<ProtectionStore> {
  const { path, genesisValidatorsRoot } = options;
  const root = asRoot(genesisValidatorsRoot);
  const { link, keys } = await openWorker({ path, genesisValidatorsRoot: root });
  return new Store(root, new SqliteBackend(link, keys, options));
}

import { existsSync } from 'node:fs';
import {
  type CommitHooks,
  openPostgresProtection,
  openSqliteProtection,
  type ProtectionStore,
} from '@holdfast/protection';
import type { Context } from '../../context.ts';
import { CliFileError } from '../../errors.ts';
import type { Home } from './home.ts';
import type { SecretOptions } from './options.ts';
import { protectionUrl } from './secrets.ts';

/** The store that this directory was made for; `stack` closes it. */
export async function openStore(
  home: Home,
  options: SecretOptions,
  context: Context,
  stack: AsyncDisposableStack,
  hooks: CommitHooks = {},
): Promise<ProtectionStore> {
  const { genesisValidatorsRoot } = home.network;
  const url = protectionUrl(options, context);
  if (url === null && !existsSync(home.protectionPath) && !home.made && options.init !== true) {
    throw new CliFileError('the slashing protection is gone: what this signer signed is not known any more', {
      data: { path: home.protectionPath },
      fix: 'Restore the file. If it is lost, import the latest export with `holdfast protection import FILE --init`, and let two epochs pass beyond its last record',
    });
  }
  const store =
    url === null
      ? await openSqliteProtection({ path: home.protectionPath, genesisValidatorsRoot, ...hooks })
      : await openPostgresProtection({ url, genesisValidatorsRoot, ...hooks });
  stack.defer(() => store.close());
  return store;
}

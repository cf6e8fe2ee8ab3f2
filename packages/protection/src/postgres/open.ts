import type { ProtectionStore } from '../port.ts';
import { RULES } from '../rules.ts';
import { Store } from '../store.ts';
import { PostgresBackend } from './backend.ts';
import type { ClaimSettings } from './claim.ts';
import { type PostgresOptions, settingsOf } from './settings.ts';

export type { PostgresOptions } from './settings.ts';

/**
 * Opens the store that several signers share: two that ask for the same key at the same instant are served one after the other,
 * and the second sees what the first was given. A verdict "allowed" is given after the server has confirmed the commit as
 * durable. The tables are made if they are not there.
 *
 * The server must be one that keeps what it confirmed. With a standby that may take over, replication must be synchronous
 * (`synchronous_standby_names`): an asynchronous standby lacks the last commits, whose signatures are out.
 */
export async function openPostgresProtection(options: PostgresOptions): Promise<ProtectionStore> {
  return openWith(options, { rules: RULES, locksKeys: true });
}

/** The same with other rules, or without locks: for tests of what these are good for. */
export async function openWith(options: PostgresOptions, claiming: ClaimSettings): Promise<ProtectionStore> {
  const settings = settingsOf(options);
  const backend = new PostgresBackend(settings, claiming, options);
  await backend.open();
  return new Store(settings.genesisValidatorsRoot, backend);
}

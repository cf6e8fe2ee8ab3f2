import type { Root } from '@holdfast/units';
import { ProtectionClosedError } from '../../src/errors.ts';
import type { ProtectionStore } from '../../src/port.ts';
import { RULES, type Rules } from '../../src/rules.ts';
import { SqliteBackend } from '../../src/sqlite/backend.ts';
import type { SqliteSettings } from '../../src/sqlite/schema.ts';
import { type SqliteArguments, type SqliteLink, type SqliteMethod, SqliteService } from '../../src/sqlite/service.ts';
import { Store } from '../../src/store.ts';

/**
 * The SQLite store without its thread: the same code, faster to open, and with rules that a test may change.
 * Opened as the real one opens: a failure rejects.
 */
export async function openInline(
  settings: SqliteSettings,
  rules: Rules = RULES,
): Promise<ProtectionStore & { readonly service: SqliteService }> {
  const service = new SqliteService(settings, rules);
  let ended = false;
  const link: SqliteLink = {
    async call<M extends SqliteMethod>(method: M, args: SqliteArguments<M>) {
      if (ended) throw new ProtectionClosedError('the protection database is closed');
      // What goes to a thread is a copy.
      return (service[method] as (...all: readonly unknown[]) => never).apply(
        service,
        structuredClone(args) as unknown[],
      );
    },
    async end() {
      ended = true;
    },
  };
  const store = new Store(settings.genesisValidatorsRoot, new SqliteBackend(link, service.keys()));
  return Object.assign(store, { service });
}

export const GENESIS = `0x${'9e'.repeat(32)}` as Root;

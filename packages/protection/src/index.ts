/**
 * The memory that keeps a validator from being slashed (EIP-3076): what was signed is recorded before it is signed, and
 * what conflicts with a record is refused. One port, `ProtectionStore`; two adapters, SQLite for one process and
 * PostgreSQL for several signers that share one truth. Check, persist durably, then sign: in that order.
 *
 * @example
 * import { openSqliteProtection } from '@holdfast/protection';
 * const store = await openSqliteProtection({ path: 'protection.sqlite', genesisValidatorsRoot });
 * await store.register([pubkey]);
 * const verdict = await store.claim({ kind: 'attestation', pubkey, sourceEpoch: 3n, targetEpoch: 4n, signingRoot });
 * if (verdict.allowed) sign(); // the claim is on disk
 */
export {
  ProtectionBusyError,
  ProtectionClosedError,
  ProtectionCorruptError,
  ProtectionError,
  ProtectionFullError,
  ProtectionGenesisError,
  ProtectionInputError,
  ProtectionInterchangeError,
  ProtectionLockedError,
  ProtectionNotDurableError,
  ProtectionSchemaError,
  ProtectionStorageError,
  ProtectionUnavailableError,
} from './errors.ts';
export type { CommitHooks } from './group-commit.ts';
export type {
  Interchange,
  InterchangeAttestation,
  InterchangeBlock,
  InterchangeKey,
} from './interchange/format.ts';
export type {
  AttestationDuty,
  BlockDuty,
  Duty,
  ExportOptions,
  HighWatermark,
  ImportOptions,
  ImportReport,
  IntegrityReport,
  ProtectionStore,
  PruneOptions,
  PruneReport,
  Rule,
  Verdict,
  Watermarks,
} from './port.ts';
export { openPostgresProtection, type PostgresOptions } from './postgres/open.ts';
export { openSqliteProtection, type SqliteOptions } from './sqlite/open.ts';

import { createHash } from 'node:crypto';
import { asRoot, type Root } from '@holdfast/units';
import { ProtectionInputError } from '../errors.ts';
import type { CommitHooks } from '../group-commit.ts';

export interface PostgresOptions extends CommitHooks {
  /** `postgres://user:password@host:5432/database?sslmode=verify-full`. It is never shown in an error. */
  readonly url: string;
  readonly genesisValidatorsRoot: Root;
  /** The schema that holds the tables, made if it is not there. Default `holdfast_protection`. One per network. */
  readonly schema?: string;
  /** How long a connection may take to come up. Default 3,000. */
  readonly connectTimeoutMs?: number;
  /** How long a claim may wait for another signer's claim on the same key. Default 2,000. */
  readonly lockTimeoutMs?: number;
  /** How long one statement of a claim may take. Default 5,000. */
  readonly statementTimeoutMs?: number;
}

/** What the server is, in words that may be shown: no user, no password. */
export interface ShownServer {
  readonly host: string;
  readonly port: string;
  readonly database: string;
  readonly schema: string;
}

export interface PostgresSettings {
  readonly url: string;
  readonly shown: ShownServer;
  readonly genesisValidatorsRoot: Root;
  /** Quoted, as SQL takes it. */
  readonly schema: string;
  /** Names this schema among the server's advisory locks. */
  readonly lock: bigint;
  readonly connectTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

const TIMEOUT_MS_MAX = 3_600_000;

export function settingsOf({
  url,
  genesisValidatorsRoot,
  schema = 'holdfast_protection',
  ...timeouts
}: PostgresOptions) {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_'))
    throw new ProtectionInputError('not a name for a schema', {
      data: { schema },
      fix: 'Use lower-case letters, digits and underscores, at most 63',
    });
  const settings: PostgresSettings = {
    url,
    shown: { ...addressOf(url), schema },
    genesisValidatorsRoot: asRoot(genesisValidatorsRoot),
    schema: `"${schema}"`,
    lock: createHash('sha256').update(`holdfast protection ${schema}`).digest().readBigInt64BE(),
    connectTimeoutMs: timeouts.connectTimeoutMs ?? 3_000,
    lockTimeoutMs: timeouts.lockTimeoutMs ?? 2_000,
    statementTimeoutMs: timeouts.statementTimeoutMs ?? 5_000,
  };
  for (const name of ['connectTimeoutMs', 'lockTimeoutMs', 'statementTimeoutMs'] as const) {
    const value = settings[name];
    // PostgreSQL takes 0 for "no limit", which is what must not be.
    if (!Number.isInteger(value) || value < 1 || value > TIMEOUT_MS_MAX)
      throw new ProtectionInputError(`${name} is not a time limit`, {
        data: { [name]: value },
        fix: `Give whole milliseconds from 1 to ${TIMEOUT_MS_MAX}`,
      });
  }
  return settings;
}

/** The URL's harmless parts. The parser's own error quotes the URL with its password, so it is not passed on. */
function addressOf(url: string): Omit<ShownServer, 'schema'> {
  const parsed = URL.parse(url);
  if (parsed === null || !/^postgres(?:ql)?:$/.test(parsed.protocol))
    throw new ProtectionInputError('not the URL of a PostgreSQL database', {
      fix: 'Give it as postgres://user:password@host:5432/database',
    });
  return {
    host: parsed.hostname || (parsed.searchParams.get('host') ?? 'localhost'),
    port: parsed.port || (parsed.searchParams.get('port') ?? '5432'),
    database: parsed.pathname.slice(1),
  };
}

import type { Client } from 'pg';
import { ProtectionNotDurableError, ProtectionUnavailableError } from '../errors.ts';
import type { HighWatermark } from '../port.ts';
import { type Failure, failureOf, readOnly } from './failure.ts';
import { META_COLUMNS, prepareSchema, readMeta } from './schema.ts';
import type { PostgresSettings, ShownServer } from './settings.ts';

/** How long the work on records other than claims may take: an import waits for claims, an export reads everything. */
const LONG = { lockTimeoutMs: 60_000, statementTimeoutMs: 1_800_000 };
/** The server ends a transaction whose signer is silent for so long, so that a stalled signer does not hold up the others. */
const IDLE_MS_MAX = 10_000;
/** The driver gives up so long after the server should have. */
const GRACE_MS = 2_000;

/**
 * - `claim`: short; binds the high watermark while it runs.
 * - `change`: may take long.
 * - `read`: sees the database as it was at one moment; holds up no one.
 */
export type Purpose = 'claim' | 'change' | 'read';

/** One open transaction. */
export class Transaction {
  readonly settings: PostgresSettings;
  /** The high watermark. In a `claim` it stays as it is until the end of the transaction. */
  readonly ceiling: HighWatermark | null;
  readonly #client: Client;
  readonly #timeoutMs: number;

  constructor(client: Client, settings: PostgresSettings, timeoutMs: number, ceiling: HighWatermark | null) {
    this.settings = settings;
    this.ceiling = ceiling;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  async rows<Row extends readonly unknown[]>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    return (await ask(this.#client, this.#timeoutMs, text, values)).rows as Row[];
  }

  /** Runs a statement and gives the number of rows that it wrote. */
  async count(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await ask(this.#client, this.#timeoutMs, text, values)).rowCount ?? 0;
  }
}

/** A transaction that failed, and whether COMMIT had been sent by then. */
export class Undone extends Error {
  readonly failure: Failure;
  readonly committing: boolean;

  constructor(failure: Failure, committing: boolean) {
    super(failure.error.message, { cause: failure.error });
    this.failure = failure;
    this.committing = committing;
  }
}

/** Runs `work` in a transaction and resolves once its commit is durable, or throws Undone. */
export async function runTransaction<T>(
  client: Client,
  settings: PostgresSettings,
  purpose: Purpose,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const limits = purpose === 'claim' ? settings : LONG;
  const timeoutMs = limits.statementTimeoutMs + GRACE_MS;
  let committing = false;
  try {
    const results = await askAll(client, timeoutMs, beginText(settings, purpose, limits));
    requireDurable(results.at(-2)!.rows[0], settings.shown);
    const ceiling = readMeta(results.at(-1)!.rows[0], settings);
    const result = await work(new Transaction(client, settings, timeoutMs, ceiling));
    committing = true;
    await commit(client, timeoutMs, settings.shown);
    return result;
  } catch (error) {
    throw new Undone(await rollback(client, timeoutMs, failureOf(error, settings.shown)), committing);
  }
}

/** On a new connection: is the server one that may hold this history, and are the tables there? */
export async function prepareServer(client: Client, settings: PostgresSettings, mayCreate: boolean): Promise<void> {
  const timeoutMs = settings.statementTimeoutMs + GRACE_MS;
  // A standby is told apart before the transaction asks to write, which it would refuse with less clear words.
  const { rows } = await ask(client, timeoutMs, `SELECT ${DURABLE}`);
  requireDurable(rows[0], settings.shown);
  await askAll(client, timeoutMs, `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${localSettings(settings)}`);
  await prepareSchema(
    async (text, values = []) => (await ask(client, timeoutMs, text, values)).rows,
    settings,
    mayCreate,
  );
  await commit(client, timeoutMs, settings.shown);
}

interface Answer {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rows: readonly (readonly unknown[])[];
}

async function ask(client: Client, timeoutMs: number, text: string, values: readonly unknown[] = []): Promise<Answer> {
  const query = { text, values: [...values], rowMode: 'array' as const, query_timeout: timeoutMs };
  return client.query(query);
}

/** Several statements in one message, without parameters. */
async function askAll(client: Client, timeoutMs: number, text: string): Promise<readonly Answer[]> {
  return (await ask(client, timeoutMs, text)) as unknown as readonly Answer[];
}

/**
 * What every transaction begins with, in one message. All of it is LOCAL, so it holds for this transaction on whatever session
 * a connection pooler gives it, and whatever defaults the server, the database and the role have.
 */
function beginText(
  settings: PostgresSettings,
  purpose: Purpose,
  limits: Pick<PostgresSettings, 'lockTimeoutMs' | 'statementTimeoutMs'>,
): string {
  // READ COMMITTED: each statement sees what others committed before it began, so what is read after the keys are locked
  // is all that there is.
  const begin =
    purpose === 'read' ? 'ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'ISOLATION LEVEL READ COMMITTED READ WRITE';
  // Whoever sets the high watermark waits for the claims that were judged by the old one.
  const ceiling = purpose === 'claim' ? `SELECT pg_advisory_xact_lock_shared(${settings.lock});` : '';
  return `BEGIN ${begin}; ${localSettings(limits)} ${ceiling}
    SELECT ${DURABLE}; SELECT ${META_COLUMNS} FROM ${settings.schema}.meta`;
}

/**
 * - synchronous_commit: COMMIT returns once the record is on disk, here and on the synchronous standbys if there are any.
 *   `remote_apply` is stronger and stays.
 * - row_security: fail rather than see a part of the rows. search_path: only the server's own operators and functions.
 * - client_min_messages: a warning during COMMIT must be heard (see `commit`).
 */
function localSettings({
  lockTimeoutMs,
  statementTimeoutMs,
}: Pick<PostgresSettings, 'lockTimeoutMs' | 'statementTimeoutMs'>): string {
  return `SET LOCAL lock_timeout = ${lockTimeoutMs}; SET LOCAL statement_timeout = ${statementTimeoutMs};
    SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS_MAX}; SET LOCAL row_security = off;
    SET LOCAL search_path = pg_catalog; SET LOCAL bytea_output = hex; SET LOCAL client_min_messages = warning;
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') <> 'remote_apply';`;
}

const DURABLE = `current_setting('fsync'), current_setting('full_page_writes'), pg_is_in_recovery()`;

/** These settings can change while the server runs, so every transaction looks. */
function requireDurable(row: readonly unknown[] | undefined, server: ShownServer): void {
  const [fsync, fullPageWrites, standby] = row as readonly [string, string, boolean];
  if (standby) throw readOnly(server);
  if (fsync !== 'on' || fullPageWrites !== 'on')
    throw new ProtectionNotDurableError('the database server would lose commits in a power cut', {
      data: { ...server, fsync, full_page_writes: fullPageWrites },
    });
}

/**
 * COMMIT counts only if the server says so, and says nothing else: it answers ROLLBACK where the transaction had failed, and
 * a warning where it gave up waiting for a synchronous standby, so that the commit is here but perhaps not there.
 */
async function commit(client: Client, timeoutMs: number, server: ShownServer): Promise<void> {
  const notices: string[] = [];
  const hear = (notice: { message?: string | undefined }) => notices.push(notice.message ?? 'a notice');
  client.on('notice', hear);
  try {
    const { command } = await ask(client, timeoutMs, 'COMMIT');
    if (command === 'COMMIT' && notices.length === 0) return;
    throw new ProtectionUnavailableError('the protection database did not commit', {
      data: { ...server, answer: command, ...(notices.length > 0 && { reason: notices.join('; ') }) },
    });
  } finally {
    client.off('notice', hear);
  }
}

/** Undoes the transaction; where that fails too, the connection is not to be used again. */
async function rollback(client: Client, timeoutMs: number, failure: Failure): Promise<Failure> {
  if (failure.lost) return failure;
  try {
    await ask(client, timeoutMs, 'ROLLBACK');
    return failure;
  } catch {
    return { ...failure, lost: true };
  }
}

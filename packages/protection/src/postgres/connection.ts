import { Socket } from 'node:net';
import pg from 'pg';
import { type ProtectionError, ProtectionInputError, ProtectionUnavailableError } from '../errors.ts';
import { failureOf } from './failure.ts';
import type { PostgresSettings } from './settings.ts';
import { type Purpose, prepareServer, runTransaction, type Transaction, Undone } from './transaction.ts';
import { TYPES } from './values.ts';

const KEEPALIVE_AFTER_MS = 5_000;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 5_000;
const ATTEMPTS_MAX = 3;

interface Link {
  readonly client: pg.Client;
  readonly socket: Socket;
}

/** One connection to the server, made when it is needed and made anew when it broke. One transaction at a time. */
export class Connection {
  readonly #settings: PostgresSettings;
  #link: Link | undefined;
  #failures = 0;
  #retryAtMs = 0;

  constructor(settings: PostgresSettings) {
    this.#settings = settings;
  }

  /**
   * Runs `work` in a transaction. It may run more than once, if it is certain that nothing of it was stored: where the server
   * undid it for the sake of another, or the connection broke before COMMIT was sent. Once COMMIT is out and the answer is
   * not there, only the caller can tell what to do. A server that lets it wait is not asked twice.
   */
  async transaction<T>(purpose: Purpose, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const untilMs = performance.now() + this.#settings.connectTimeoutMs;
    for (let attempt = 1; ; attempt++) {
      const link = await this.#connected(false);
      try {
        return await runTransaction(link.client, this.#settings, purpose, work);
      } catch (error) {
        if (!(error instanceof Undone)) throw error;
        const { failure, committing } = error;
        if (failure.lost) this.#drop(link);
        if (failure.lost && committing) throw this.#unknown(failure.error);
        const isLast = attempt === ATTEMPTS_MAX || performance.now() > untilMs;
        if (!(failure.lost || failure.again) || isLast) throw failure.error;
      }
    }
  }

  /** Connects and checks the server, and makes the tables if there are none. */
  async open(): Promise<void> {
    await this.#connected(true);
  }

  async close(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    this.#link = undefined;
    // A server that does not take the goodbye does not get a long one.
    const timer = setTimeout(() => link.socket.destroy(), this.#settings.connectTimeoutMs);
    await link.client.end().catch(() => undefined);
    clearTimeout(timer);
    link.socket.destroy();
  }

  /** After failures a connection is tried again at growing intervals; in between, the answer is no at once. */
  async #connected(mayCreate: boolean): Promise<Link> {
    if (this.#link) return this.#link;
    const waitMs = this.#retryAtMs - performance.now();
    if (waitMs > 0)
      throw new ProtectionUnavailableError('the protection database does not answer', {
        data: { ...this.#settings.shown, failures: this.#failures, nextTryMs: Math.ceil(waitMs) },
      });
    const link = this.#make();
    try {
      await link.client.connect();
      await prepareServer(link.client, this.#settings, mayCreate);
    } catch (error) {
      this.#drop(link);
      this.#failures += 1;
      const backoffMs = BACKOFF_MS_MIN * 2 ** Math.min(this.#failures - 1, 16);
      this.#retryAtMs = performance.now() + Math.min(BACKOFF_MS_MAX, backoffMs);
      throw failureOf(error, this.#settings.shown).error;
    }
    this.#failures = 0;
    this.#link = link;
    link.client.once('end', () => this.#drop(link));
    return link;
  }

  #make(): Link {
    const { url, connectTimeoutMs, shown } = this.#settings;
    // Its own, so that it can be cut where the driver would wait for an answer.
    const socket = new Socket();
    try {
      const client = new pg.Client({
        connectionString: url,
        connectionTimeoutMillis: connectTimeoutMs,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
        application_name: 'holdfast protection',
        stream: () => socket,
        types: TYPES as pg.CustomTypesConfig,
      });
      // A connection that breaks while nothing runs tells it here.
      client.on('error', () => this.#drop({ client, socket }));
      return { client, socket };
    } catch (error) {
      // Its words may quote the URL: only its kind is told.
      throw new ProtectionInputError('the URL of the PostgreSQL database cannot be used', {
        data: { ...shown, reason: (error as NodeJS.ErrnoException).code ?? 'malformed' },
        fix: 'Check its parameters, and the certificates that it names',
      });
    }
  }

  #drop({ client, socket }: Link): void {
    if (this.#link?.client === client) this.#link = undefined;
    socket.destroy();
  }

  #unknown(error: ProtectionError): ProtectionUnavailableError {
    return new ProtectionUnavailableError(
      'the connection broke during the commit, so whether it took place is not known',
      { data: { ...this.#settings.shown, reason: error.why }, cause: error },
    );
  }
}

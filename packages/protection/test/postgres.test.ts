import { openPostgresProtection } from '../src/index.ts';
import { postgresServer, schemas } from './support/postgres.ts';
import { eip3076Vectors } from './support/vectors.ts';

const server = await postgresServer();
if (server) {
  const vector = schemas('vector');
  eip3076Vectors('PostgreSQL', (genesisValidatorsRoot) =>
    openPostgresProtection({ url: server.url, genesisValidatorsRoot, schema: vector() }),
  );
}

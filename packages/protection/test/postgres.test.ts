import { openPostgresProtection } from '../src/index.ts';
import { complies } from './support/compliance.ts';
import { postgresServer, schemas } from './support/postgres.ts';
import { eip3076Vectors } from './support/vectors.ts';

const server = await postgresServer();
if (server) {
  const { url } = server;
  complies('PostgreSQL', (schema, genesisValidatorsRoot) =>
    openPostgresProtection({ url, genesisValidatorsRoot, schema }),
  );
  const vector = schemas('vector');
  eip3076Vectors('PostgreSQL', (genesisValidatorsRoot) =>
    openPostgresProtection({ url, genesisValidatorsRoot, schema: vector() }),
  );
}

import { openSqliteProtection } from '../src/index.ts';
import { complies } from './support/compliance.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
complies('SQLite', (database, genesisValidatorsRoot) =>
  openSqliteProtection({ path: path(`${database}.sqlite`), genesisValidatorsRoot }),
);

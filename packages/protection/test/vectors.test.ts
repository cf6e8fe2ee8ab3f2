import { openSqliteProtection } from '../src/index.ts';
import { databases } from './support/sqlite.ts';
import { eip3076Vectors } from './support/vectors.ts';

const path = databases();
eip3076Vectors('SQLite', (genesisValidatorsRoot) => openSqliteProtection({ path: path(), genesisValidatorsRoot }));

import { openInline } from './support/inline.ts';
import { databases } from './support/sqlite.ts';
import { eip3076Vectors } from './support/vectors.ts';

const path = databases();
eip3076Vectors('SQLite', (genesisValidatorsRoot) => openInline({ path: path(), genesisValidatorsRoot }));

// A whole signer in its own process: HTTP, service, durable SQLite protection, signing threads. Arguments: keys, database.
import { KeyRing } from '@holdfast/keys';
import { openSqliteProtection } from '@holdfast/protection';
import { allowAll, createLog, SignerService, serveSigner } from '@holdfast/signer';
import { GENESIS_VALIDATORS_ROOT, keyPairs } from './keys.ts';

const [count, path] = process.argv.slice(2);
const genesisValidatorsRoot = GENESIS_VALIDATORS_ROOT;
const pairs = keyPairs(Number(count));
const keys = await KeyRing.create();
const protection = await openSqliteProtection({ path: path!, genesisValidatorsRoot, gatherWhile: () => keys.busy });
await protection.register(pairs.map(({ pubkey }) => pubkey));
keys.add(pairs);
const network = { genesisValidatorsRoot, genesisForkVersion: '0x00000000', capellaForkVersion: null } as const;
const service = new SignerService({ keys, protection, policy: allowAll, gate: { check() {} }, network });
const log = createLog({ level: 'silent' });
const server = await serveSigner({ service, keys, protection, log, port: 0 });
process.once('disconnect', () => process.exit(0));
process.send!({ url: server.url });

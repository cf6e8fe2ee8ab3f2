// A whole signer in a process of its own: HTTP, service, protection, signing threads. It is killed without a warning.
// Arguments: `sqlite FILE`, `postgres URL`, `forgetful DIR` (a mutant: each life has
// another file), or `warm DIR`: ends at once.
import { join } from 'node:path';
import { type KeyPair, KeyRing } from '@holdfast/keys';
import { openPostgresProtection, openSqliteProtection, type ProtectionStore } from '@holdfast/protection';
import { allowAll, createLog, type ProtectionPort, SignerService, serveSigner } from '../../src/index.ts';
import { GENESIS_VALIDATORS_ROOT, KEYS } from './keys.ts';

const [kind, target = ''] = process.argv.slice(2);
const genesisValidatorsRoot = GENESIS_VALIDATORS_ROOT;
const store = await openStore();
await store.register(KEYS.map(({ pubkey }) => pubkey));
const keys = await KeyRing.create({ threads: 1 });
keys.add(KEYS.map(({ pubkey, secret }): KeyPair => ({ pubkey, secret: secret.slice() })));
const protection: ProtectionPort = store;
const service = new SignerService({
  keys,
  protection,
  policy: allowAll,
  gate: { check() {} },
  network: { genesisValidatorsRoot, genesisForkVersion: '0x00000000', capellaForkVersion: null },
});
const server = await serveSigner({ service, keys, protection: store, log: createLog({ level: 'silent' }), port: 0 });
process.stdout.write(`${server.url}\n`);
if (kind === 'warm') process.exit(0);

function openStore(): Promise<ProtectionStore> {
  if (kind === 'postgres') return openPostgresProtection({ url: target, genesisValidatorsRoot });
  return openSqliteProtection({
    path: kind === 'forgetful' || kind === 'warm' ? join(target, `${process.pid}.sqlite`) : target,
    genesisValidatorsRoot,
  });
}

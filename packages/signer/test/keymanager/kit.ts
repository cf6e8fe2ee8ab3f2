import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decryptKeystore,
  type decryptKeystores,
  encryptKeystore,
  KeyRing,
  type KeysError,
  openPassphraseKek,
  publicKeyOf,
  SealedStore,
} from '@holdfast/keys';
import { openSqliteProtection, type ProtectionStore } from '@holdfast/protection';
import type { Hex, Pubkey, Root } from '@holdfast/units';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import type { KeymanagerParts } from '../../src/http/keymanager/routes.ts';
import { SettingsFile } from '../../src/http/keymanager/settings.ts';
import type { SignerServerOptions } from '../../src/http/serve.ts';
import { allowAll } from '../../src/policy/policies.ts';
import { type Policy, SignerService } from '../../src/service.ts';
import { type Answer, type Asking, ask, serve } from '../http/kit.ts';

export const GENESIS = `0x${'04'.repeat(32)}` as Root;
export const PASSWORD = 'correct horse battery staple';
const TOKEN = 'f'.repeat(64);
export const FORK_INFO = {
  fork: { previous_version: '0x04000000', current_version: '0x04000000', epoch: '0' },
  genesis_validators_root: GENESIS,
};

/** Not a key of anybody: a small number. */
export function secretOf(number: number): Uint8Array {
  const secret = new Uint8Array(32);
  secret[31] = number;
  return secret;
}
export const pubkeyOf = (number: number): Pubkey => publicKeyOf(secretOf(number)) as Pubkey;

/** A keystore as the deposit tools make it, with a derivation that takes no time. */
export const keystoreOf = (number: number, password = PASSWORD): string =>
  JSON.stringify(
    encryptKeystore({
      secret: secretOf(number),
      password,
      path: `m/12381/3600/${number}/0/0`,
      kdf: { function: 'pbkdf2', c: 2 },
    }),
  );

export const historyOf = (pubkey: Pubkey, source: number, target: number, genesis: Root = GENESIS) => ({
  metadata: { interchange_format_version: '5', genesis_validators_root: genesis },
  data: [
    {
      pubkey,
      signed_blocks: [{ slot: '100' }],
      signed_attestations: [{ source_epoch: String(source), target_epoch: String(target) }],
    },
  ],
});

export interface Room {
  readonly url: string;
  readonly dir: string;
  readonly ring: KeyRing;
  readonly store: SealedStore;
  readonly protection: ProtectionStore;
  /** A request with the admin's token. */
  manage(path: string, options?: Asking): Promise<Answer>;
  importKeys(numbers: readonly number[], more?: Record<string, unknown>): Promise<Record<string, string>[]>;
  deleteKeys(
    pubkeys: readonly string[],
  ): Promise<{ data: Record<string, string>[]; history: ReturnType<typeof historyOf> }>;
  /** Asks for an attestation, as a validator client does. */
  attest(pubkey: Pubkey, source: number, target: number): Promise<Answer>;
}

interface RoomOptions {
  readonly policy?: Policy;
  readonly parts?: (real: KeymanagerParts) => Partial<KeymanagerParts>;
  readonly server?: Partial<SignerServerOptions>;
  /** Without slashing protection, where a test has nothing to do with it: the database takes a moment to open. */
  readonly lax?: boolean;
}

/** Threads take a quarter of a second to start: one ring serves the whole file, emptied after each test. */
let ring: KeyRing;
beforeAll(async () => {
  ring = await KeyRing.create({ threads: 1 });
});
afterAll(() => ring.close());

/** Opens keystores on this thread, for the same reason. */
const decryptHere: typeof decryptKeystores = async (keystores) =>
  keystores.map(({ keystore, password }, index) => {
    try {
      return { index, ok: true, key: decryptKeystore(keystore, password) };
    } catch (error) {
      return { index, ok: false, error: error as KeysError };
    }
  });

const empty = { metadata: { interchange_format_version: '5', genesis_validators_root: GENESIS }, data: [] } as const;
const allowing = {
  genesisValidatorsRoot: GENESIS,
  claim: async () => ({ allowed: true, repeated: false }),
  highWatermark: async () => null,
  import: async () => {},
  enable: async () => {},
  disable: async () => empty,
  close: async () => {},
} as unknown as ProtectionStore;

/** A whole signer with a Keymanager API: real ring, sealed store and SQLite protection in a folder of its own. */
export async function openRoom({ policy = allowAll, parts, server, lax = false }: RoomOptions = {}): Promise<Room> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-keymanager-'));
  const kek = openPassphraseKek({ passphrase: 'a passphrase', kdf: { function: 'scrypt', n: 2, r: 1, p: 1 } });
  const store = await SealedStore.open(dir, kek, { create: true });
  for (const pubkey of [...ring.pubkeys]) ring.remove(pubkey);
  const path = join(dir, 'protection.sqlite');
  const protection = lax ? allowing : await openSqliteProtection({ path, genesisValidatorsRoot: GENESIS });
  onTestFinished(async () => {
    await Promise.all([protection.close(), store.close()]);
    kek.close();
    rmSync(dir, { recursive: true });
  });
  const tokenFile = join(dir, 'token');
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  const network = { genesisValidatorsRoot: GENESIS, genesisForkVersion: '0x00000000' as Hex, capellaForkVersion: null };
  const service = new SignerService({ keys: ring, protection, policy, gate: { check() {} }, network });
  const settings = new SettingsFile(join(dir, 'settings.json'));
  const real: KeymanagerParts = { ring, store, protection, decrypt: decryptHere, settings };
  const { url } = await serve({
    service,
    keys: ring,
    protection,
    access: { admins: [{ name: 'root', tokenFile }] },
    keymanager: { ...real, ...parts?.(real) },
    ...server,
  });
  const manage = (path: string, options: Asking = {}) =>
    ask(url, path, { ...options, headers: { authorization: `Bearer ${TOKEN}`, ...options.headers } });
  return { url, dir, ring, store, protection, manage, ...actions(url, manage) };
}

function actions(url: string, manage: Room['manage']): Pick<Room, 'importKeys' | 'deleteKeys' | 'attest'> {
  return {
    async importKeys(numbers, more = {}) {
      const body = JSON.stringify({
        keystores: numbers.map((number) => keystoreOf(number)),
        passwords: numbers.map(() => PASSWORD),
        ...more,
      });
      return (await manage('/eth/v1/keystores', { body })).json().data as Record<string, string>[];
    },
    async deleteKeys(pubkeys) {
      const answer = await manage('/eth/v1/keystores', { method: 'DELETE', body: JSON.stringify({ pubkeys }) });
      const { data, slashing_protection } = answer.json() as { data: []; slashing_protection: string };
      return { data, history: JSON.parse(slashing_protection) };
    },
    attest: (pubkey, source, target) =>
      ask(url, `/api/v1/eth2/sign/${pubkey}`, {
        headers: { accept: 'application/json' },
        body: JSON.stringify({
          type: 'ATTESTATION',
          fork_info: FORK_INFO,
          attestation: {
            slot: String(target * 32),
            index: '0',
            beacon_block_root: `0x${'bb'.repeat(32)}`,
            source: { epoch: String(source), root: `0x${'00'.repeat(32)}` },
            target: { epoch: String(target), root: `0x${'cc'.repeat(32)}` },
          },
        }),
      }),
  };
}

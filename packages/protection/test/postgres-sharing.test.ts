import { describe, expect, it } from 'vitest';
import { openPostgresProtection, type ProtectionStore } from '../src/index.ts';
import { openWith } from '../src/postgres/open.ts';
import { RULES } from '../src/rules.ts';
import { attestation, block, GENESIS, KEY, pubkeyAt, word } from './support/duties.ts';
import { postgresServer, schemas } from './support/postgres.ts';

const server = await postgresServer();
const DEEP = process.env.HOLDFAST_DEEP === '1';
const SIGNERS = 2;
const KEYS = 20;
const ROUNDS = DEEP ? 1_000 : 30;

if (server) {
  const { url } = server;
  const schema = schemas('sharing');
  const allKeys = Array.from({ length: KEYS }, (_, index) => pubkeyAt(index));

  /** Several signers on one schema, started at once. */
  const signers = (locksKeys = true, name = schema()): Promise<ProtectionStore[]> => {
    const options = { url, genesisValidatorsRoot: GENESIS, schema: name };
    return Promise.all(Array.from({ length: SIGNERS }, () => openWith(options, { rules: RULES, locksKeys })));
  };
  const close = (stores: readonly ProtectionStore[]) => Promise.all(stores.map((store) => store.close()));

  /** Each round all signers claim the same slot and target of all keys at once, each with roots of its own. Counts the double ones. */
  const race = async (stores: readonly ProtectionStore[], rounds: number): Promise<number> => {
    await Promise.all(stores.map((store) => store.register(allKeys)));
    let doubles = 0;
    for (let round = 1; round <= rounds; round++) {
      const epoch = BigInt(round);
      const verdicts = await Promise.all(
        stores.map(async (store, signer) => {
          const own = allKeys.map((_, index) => (signer + index) % SIGNERS);
          const blocks = await store.claimAll(allKeys.map((key, index) => block(epoch, own[index]!, key)));
          const votes = allKeys.map((key, index) => store.claim(attestation(epoch, epoch + 1n, own[index]!, key)));
          return [...blocks, ...(await Promise.all(votes))];
        }),
      );
      for (const at of verdicts[0]!.keys()) {
        const allowed = verdicts.filter((own) => own[at]!.allowed).length;
        if (allowed === 0) throw new Error(`round ${round}: no one got duty ${at}`);
        doubles += allowed - 1;
      }
    }
    return doubles;
  };

  describe('several signers on one PostgreSQL', () => {
    it('exactly one gets a duty, however often they ask at once', async () => {
      const stores = await signers();
      expect(await race(stores, ROUNDS)).toBe(0);
      expect(await stores[0]!.integrity()).toMatchObject({ ok: true, attestations: KEYS * ROUNDS });
      await close(stores);
    });

    it('without the lock on the keys, both get it', async () => {
      const name = schema();
      const stores = await signers(false, name);
      // The database would notice some of it, as watermarks that fall.
      await server.query(`ALTER TABLE ${name}.keys DISABLE TRIGGER rise`);
      // One round may by chance go well.
      expect(await race(stores, 20)).toBeGreaterThan(0);
      expect((await stores[0]!.integrity()).slashable).not.toEqual([]);
      await close(stores);
    });

    it('sees at once what another one did: keys, history, high watermark, deletion', async () => {
      const [a, b] = (await signers()) as [ProtectionStore, ProtectionStore];
      await a.register([KEY]);
      expect(word(await b.claim(attestation(3n, 4n)))).toBe('new');
      expect(word(await a.claim(attestation(3n, 4n)))).toBe('again');
      expect(word(await a.claim(attestation(2n, 5n)))).toBe('surrounding-vote');
      await a.import(await b.export());
      await b.prune({ epochsToKeep: 1n });
      await a.setHighWatermark({ epoch: 5n, slot: 5n });
      expect(word(await b.claim(attestation(3n, 5n)))).toBe('high-watermark');
      await a.disable([KEY]);
      expect(word(await b.claim(attestation(3n, 4n)))).toBe('disabled-key');
      await close([a, b]);
    });

    it('never deadlocks: batches in any order, beside registration, import and pruning', async () => {
      const [a, b] = (await signers()) as [ProtectionStore, ProtectionStore];
      await a.register(allKeys);
      const work = async (store: ProtectionStore, keys: readonly (typeof KEY)[]): Promise<void> => {
        for (let epoch = 1n; epoch <= 10n; epoch++) {
          const claims = store.claimAll(keys.map((key) => attestation(epoch, epoch + 1n, 0, key)));
          const others = [
            store.register([...keys, pubkeyAt(100 + Number(epoch))]),
            store.prune({ epochsToKeep: 2n }),
            store.import(await store.export({ pubkeys: keys.slice(0, 5) }), { gaps: 'trust' }),
          ];
          await Promise.all([claims, ...others]);
        }
      };
      await Promise.all([work(a, allKeys), work(b, allKeys.toReversed())]);
      expect(await a.integrity()).toMatchObject({ ok: true });
      await close([a, b]);
    });

    it('lets no one in with another genesis root', async () => {
      const options = { url, genesisValidatorsRoot: GENESIS, schema: schema() };
      const store = await openPostgresProtection(options);
      const other = { ...options, genesisValidatorsRoot: `0x${'01'.repeat(32)}` as typeof GENESIS };
      await expect(openPostgresProtection(other)).rejects.toMatchObject({ code: 'PROTECTION_GENESIS' });
      await store.close();
    });
  });

  describe('the database itself', () => {
    it('refuses nonsense from whoever writes it', async () => {
      const name = schema();
      const store = await openPostgresProtection({ url, genesisValidatorsRoot: GENESIS, schema: name });
      await store.register([KEY]);
      await store.claimAll([block(5n), attestation(2n, 3n)]);
      const nonsense = [
        `INSERT INTO ${name}.attestations VALUES (1, 1, 2, '')`,
        `INSERT INTO ${name}.attestations VALUES (2, 1, 1, '\\x01')`,
        `INSERT INTO ${name}.blocks SELECT * FROM ${name}.blocks`,
        `INSERT INTO ${name}.keys (pubkey) VALUES ('\\x01')`,
        `UPDATE ${name}.keys SET line_slot = NULL`,
        `UPDATE ${name}.keys SET top_target = line_target - 1`,
        `UPDATE ${name}.keys SET line_target = line_target - 1`,
        `UPDATE ${name}.keys SET line_slot = line_slot - 1, top_slot = top_slot - 1`,
        `UPDATE ${name}.keys SET line_source = NULL, line_target = NULL, top_source = NULL, top_target = NULL`,
        `UPDATE ${name}.keys SET pubkey = '\\x${'07'.repeat(48)}'`,
        `DELETE FROM ${name}.keys`,
        `TRUNCATE ${name}.attestations`,
        `DELETE FROM ${name}.meta`,
        `INSERT INTO ${name}.meta SELECT * FROM ${name}.meta`,
      ];
      for (const statement of nonsense)
        await expect(server.query(statement), statement).rejects.toMatchObject({
          code: expect.stringMatching(/^23/) as string,
        });
      expect((await store.integrity()).ok).toBe(true);
      await store.close();
    });

    it('is told when its tables are no longer what they were', async () => {
      const name = schema();
      const options = { url, genesisValidatorsRoot: GENESIS, schema: name };
      const store = await openPostgresProtection(options);
      await store.register([KEY]);
      await store.claimAll([block(5n), attestation(2n, 3n)]);
      await server.query(`ALTER TABLE ${name}.attestations DROP CONSTRAINT attestations_root_check`);
      await server.query(`ALTER TABLE ${name}.keys DISABLE TRIGGER rise`);
      await server.query(`INSERT INTO ${name}.attestations VALUES (9, 99, 8, ''), (9, 1, 8, '')`);
      expect((await store.integrity()).problems).toEqual([
        'the tables lack constraints that they were made with',
        'the tables lack triggers that they were made with',
        '1 attestations belong to no key',
        `the watermarks of ${KEY} do not fit its records`,
      ]);
      await server.query(`CREATE RULE swallow AS ON INSERT TO ${name}.blocks DO INSTEAD NOTHING`);
      await expect(store.claim(block(7n))).rejects.toMatchObject({
        code: expect.stringMatching(/^PROTECTION_/) as string,
      });
      await server.query(`UPDATE ${name}.meta SET version = 99`);
      await expect(store.claim(block(7n))).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
      await expect(openPostgresProtection(options)).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
      await store.close();
    });

    it('is not made where something else lives, nor anew when it is gone', async () => {
      const name = schema();
      const options = { url, genesisValidatorsRoot: GENESIS, schema: name };
      await server.query(`CREATE SCHEMA ${name} CREATE TABLE other (id integer)`);
      await expect(openPostgresProtection(options)).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
      await server.query(`DROP TABLE ${name}.other`);
      const store = await openPostgresProtection(options);
      await store.register([KEY]);
      await server.query(`DROP SCHEMA ${name} CASCADE`);
      await expect(store.claim(block(1n))).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
      await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`,
      );
      await expect(store.claim(block(1n))).rejects.toMatchObject({ code: 'PROTECTION_SCHEMA' });
      expect(await server.query(`SELECT 1 FROM pg_namespace WHERE nspname = '${name}'`)).toEqual([]);
      await store.close();
    });
  });
}

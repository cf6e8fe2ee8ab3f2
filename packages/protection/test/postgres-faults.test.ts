import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openPostgresProtection, ProtectionError, type ProtectionStore } from '../src/index.ts';
import { attestation, block, GENESIS, KEY, pubkeyAt, word } from './support/duties.ts';
import { postgresServer, schemas } from './support/postgres.ts';

const server = await postgresServer();
const DEEP = process.env.HOLDFAST_DEEP === '1';
const seed = 20_261_121;

if (server) {
  const { url } = server;
  const schema = schemas('faults');
  const opened: ProtectionStore[] = [];
  const open = async (name = schema(), limits: object = {}): Promise<ProtectionStore> => {
    const store = await openPostgresProtection({ url, genesisValidatorsRoot: GENESIS, schema: name, ...limits });
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  /** Sets a server setting for the time of `work`. */
  const withSetting = async (name: string, value: string, work: () => Promise<void>): Promise<void> => {
    const apply = async (change: string): Promise<void> => {
      await server.query(change);
      await server.query('SELECT pg_reload_conf()');
      await sleep(100);
    };
    await apply(`ALTER SYSTEM SET ${name} = ${value}`);
    try {
      await work();
    } finally {
      await apply(`ALTER SYSTEM RESET ${name}`);
    }
  };

  /** Waits for a signer that waits for a standby in its COMMIT, and does something to it. */
  const inCommit = async (action: 'pg_terminate_backend' | 'pg_cancel_backend'): Promise<void> => {
    for (;;) {
      const hit = await server.query(
        `SELECT ${action}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE 'holdfast%'`,
      );
      if (hit.length > 0) return;
      await sleep(10);
    }
  };

  describe('a server that is not durable', () => {
    it.each(['fsync', 'full_page_writes'])('is refused with %s = off, at the start and later', async (name) => {
      const store = await open();
      await store.register([KEY]);
      await withSetting(name, 'off', async () => {
        await expect(store.claim(block(1n))).rejects.toMatchObject({ code: 'PROTECTION_NOT_DURABLE' });
        await expect(open()).rejects.toMatchObject({ code: 'PROTECTION_NOT_DURABLE' });
      });
      expect(word(await store.claim(block(1n)))).toBe('new');
    });

    it('commits durably whatever the defaults of the role are', async () => {
      const name = schema();
      await server.query(`ALTER ROLE postgres SET synchronous_commit = off`);
      await server.query(`ALTER ROLE postgres SET bytea_output = escape`);
      try {
        const store = await open(name);
        await store.register([KEY]);
        // With synchronous_commit = off the commit would not wait for a standby.
        await withSetting('synchronous_standby_names', `'nobody'`, async () => {
          const claimed = store.claim(block(1n));
          claimed.catch(() => undefined);
          await inCommit('pg_terminate_backend');
          await expect(claimed).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
        });
        expect(word(await store.claim(block(1n)))).toBe('again');
      } finally {
        await server.query(`ALTER ROLE postgres RESET ALL`);
      }
    });
  });

  describe('a connection that dies in the commit', () => {
    it.each(['pg_terminate_backend', 'pg_cancel_backend'] as const)(
      '%s: nothing is allowed, asking again is',
      async (how) => {
        const store = await open();
        await store.register([KEY]);
        await withSetting('synchronous_standby_names', `'nobody'`, async () => {
          const claimed = store.claimAll([block(7n), attestation(3n, 4n)]);
          claimed.catch(() => undefined);
          await inCommit(how);
          await expect(claimed).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
        });
        // Here it had been stored.
        const again = await store.claimAll([block(7n, 1), attestation(3n, 4n, 1), block(7n), attestation(3n, 4n)]);
        expect(again.map(word)).toEqual(['double-block', 'double-vote', 'again', 'again']);
      },
    );

    it('goes on by itself where the connection died between two claims', async () => {
      const store = await open();
      await store.register([KEY]);
      for (let slot = 1n; slot <= 5n; slot++) {
        await server.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`,
        );
        expect(word(await store.claim(block(slot)))).toBe('new');
      }
    });
  });

  describe('a server that comes and goes', () => {
    /** A number from 0 to 1, the same in every run. */
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };

    /** Two signers claim conflicting duties without pause. Gives what each was allowed: key, kind, number → roots. */
    const traffic = (stores: readonly ProtectionStore[], running: () => boolean) => {
      const allowed = new Map<string, Set<number>>();
      const failures: unknown[] = [];
      let epoch = 2n;
      const ended = Promise.all(
        stores.map(async (store, signer) => {
          while (running()) {
            epoch += 1n;
            const at = epoch - BigInt(Math.floor(random() * 3));
            const keys = Array.from({ length: 8 }, () => pubkeyAt(Math.floor(random() * 8)));
            const duties = keys.flatMap((key) => [block(at, signer, key), attestation(at, at + 1n, signer, key)]);
            try {
              for (const [index, verdict] of (await store.claimAll(duties)).entries()) {
                if (!verdict.allowed) continue;
                const { kind, pubkey } = duties[index]!;
                const name = `${pubkey} ${kind} ${at}`;
                allowed.set(name, (allowed.get(name) ?? new Set()).add(signer));
              }
            } catch (error) {
              failures.push(error);
              await sleep(5);
            }
          }
        }),
      );
      return { allowed, failures, ended };
    };

    /** Everything that was allowed is stored, and nothing was allowed to both. */
    const audit = async (store: ProtectionStore, { allowed, failures }: ReturnType<typeof traffic>): Promise<void> => {
      for (const error of failures) {
        expect(error).toBeInstanceOf(ProtectionError);
        expect(error).toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
        expect(String(error)).not.toContain(server.password);
      }
      expect([...allowed.values()].filter((roots) => roots.size > 1)).toEqual([]);
      const duties = [...allowed].map(([name, [root]]) => {
        const [pubkey, kind, at] = name.split(' ') as [typeof KEY, string, string];
        const epoch = BigInt(at);
        return kind === 'block' ? block(epoch, root, pubkey) : attestation(epoch, epoch + 1n, root, pubkey);
      });
      expect(new Set((await store.claimAll(duties)).map(word))).toEqual(new Set(['again']));
      expect(await store.integrity()).toMatchObject({ ok: true });
    };

    it(`stopped at once in the middle of traffic and started again, has all that was allowed (seed ${seed})`, async () => {
      const name = schema();
      const stores = [await open(name), await open(name)];
      await stores[0]!.register(Array.from({ length: 8 }, (_, index) => pubkeyAt(index)));
      let running = true;
      const seen = traffic(stores, () => running);
      for (let round = 0; round < (DEEP ? 30 : 2); round++) {
        await sleep(100 + random() * 300);
        await server.stopImmediately();
        await sleep(random() * 100);
        await server.start();
      }
      await sleep(200);
      running = false;
      await seen.ended;
      expect(seen.failures.length).toBeGreaterThan(0);
      expect(seen.allowed.size).toBeGreaterThan(20);
      await audit(await open(name), seen);
    });

    it(`ends connections at random in the middle of traffic (seed ${seed})`, async () => {
      const name = schema();
      const stores = [await open(name), await open(name)];
      await stores[0]!.register(Array.from({ length: 8 }, (_, index) => pubkeyAt(index)));
      let running = true;
      const seen = traffic(stores, () => running);
      for (let round = 0; round < (DEEP ? 500 : 20); round++) {
        await sleep(random() * 60);
        await server.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name LIKE 'holdfast%' ORDER BY random() LIMIT 1`,
        );
      }
      running = false;
      await seen.ended;
      expect(seen.allowed.size).toBeGreaterThan(20);
      await audit(await open(name), seen);
    });

    it('says so at once while it is down, and comes back', async () => {
      const name = schema();
      const store = await open(name);
      await store.register([KEY]);
      await server.stopImmediately();
      try {
        for (let attempt = 0; attempt < 5; attempt++) {
          const error: unknown = await store.claim(block(1n)).catch((thrown: unknown) => thrown);
          expect(error).toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
          expect(`${error} ${JSON.stringify(error)}`).not.toContain(server.password);
        }
        const startedAt = performance.now();
        await expect(store.claim(block(1n))).rejects.toThrow('nextTryMs');
        expect(performance.now() - startedAt).toBeLessThan(50);
        await expect(open(name)).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
      } finally {
        await server.start();
      }
      await expect.poll(() => store.claim(block(1n)).then(word, () => 'unavailable'), { timeout: 10_000 }).toBe('new');
    });
  });

  describe('what takes too long', () => {
    it('a key that another transaction holds: refused in time, and free again after', async () => {
      const name = schema();
      const store = await open(name, { lockTimeoutMs: 100 });
      await store.register([KEY]);
      const held = server.query(`BEGIN; SELECT * FROM ${name}.keys FOR UPDATE; SELECT pg_sleep(1); COMMIT`);
      await sleep(300);
      await expect(store.claim(block(1n))).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
      await held;
      expect(word(await store.claim(block(1n)))).toBe('new');
    });
  });

  describe('a server that hangs', () => {
    it('is given up in time, and asked again over another connection', async () => {
      const store = await open(schema(), { statementTimeoutMs: 200, connectTimeoutMs: 1_000 });
      await store.register([KEY]);
      expect(word(await store.claim(block(1n)))).toBe('new');
      const backends = await server.query(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`);
      const signal = (name: NodeJS.Signals) => {
        for (const { pid } of backends) process.kill(Number(pid), name);
      };
      signal('SIGSTOP');
      try {
        const startedAt = performance.now();
        await expect(store.claim(block(2n))).rejects.toMatchObject({ code: 'PROTECTION_UNAVAILABLE' });
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(word(await store.claim(block(2n)))).toBe('new');
      } finally {
        signal('SIGCONT');
      }
      expect(word(await store.claim(block(2n, 1)))).toBe('double-block');
    });
  });

  describe('a URL', () => {
    it.each([
      ['postgres://user:hunter2@127.0.0.1:1/x', 'PROTECTION_UNAVAILABLE'],
      [url.replace(/:[0-9a-f]{24}@/, ':hunter2@'), 'PROTECTION_UNAVAILABLE'],
      ['mysql://user:hunter2@127.0.0.1/x', 'PROTECTION_INPUT'],
      ['postgres://user:hunter2@[::/x', 'PROTECTION_INPUT'],
      ['postgres://user:hunter2@127.0.0.1/x?sslmode=verify-full&sslrootcert=/nowhere/hunter2', 'PROTECTION_INPUT'],
    ])('that does not work is told of without its password (%#)', async (bad, code) => {
      const error: unknown = await openPostgresProtection({ url: bad, genesisValidatorsRoot: GENESIS }).catch((e) => e);
      expect(error).toMatchObject({ code });
      const told = [error, (error as Error).cause].map(
        (one) => `${one} ${JSON.stringify(one)} ${(one as Error)?.stack}`,
      );
      expect(told.join()).not.toContain('hunter2');
      expect(told.join()).not.toContain(server.password);
    });

    it.each([{ schema: 'x"; DROP' }, { schema: 'pg_x' }, { lockTimeoutMs: 0 }, { connectTimeoutMs: 1.5 }])(
      'with options that are none is refused (%j)',
      async (bad) => {
        const opening = openPostgresProtection({ url, genesisValidatorsRoot: GENESIS, ...bad });
        await expect(opening).rejects.toMatchObject({ code: 'PROTECTION_INPUT' });
      },
    );
  });
}

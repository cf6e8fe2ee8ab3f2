import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openWith } from '../src/postgres/open.ts';
import { RULES, type Rules } from '../src/rules.ts';
import { GENESIS } from './support/duties.ts';
import { operations, play } from './support/model.ts';
import { postgresServer, schemas } from './support/postgres.ts';

const server = await postgresServer();
const DEEP = process.env.HOLDFAST_DEEP === '1';
const SEED = 3076;

if (server) {
  const schema = schemas('model');
  /** Plays on PostgreSQL, with these rules. */
  const property = (rules: Rules): fc.IAsyncProperty<[Parameters<typeof play>[0]]> =>
    fc.asyncProperty(operations, async (list) => {
      const used = [schema()];
      const open = () =>
        openWith({ url: server.url, genesisValidatorsRoot: GENESIS, schema: used.at(-1)! }, { rules, locksKeys: true });
      try {
        await play(list, {
          open,
          openEmpty: () => {
            used.push(schema());
            return open();
          },
        });
      } finally {
        await server.query(used.map((name) => `DROP SCHEMA IF EXISTS ${name} CASCADE`).join(';'));
      }
    });

  describe('the PostgreSQL store beside a reference that remembers everything', () => {
    it(`never allows what is slashable, refuses nothing else that is above its lines (seed ${SEED})`, async () => {
      await fc.assert(property(RULES), { numRuns: DEEP ? 2_000 : 12, seed: SEED });
    }, 3_600_000);

    it('objects where the history is not looked at', async () => {
      const blind: Rules = { ...RULES, isBlockAhead: (is, duty) => is.eq(duty.slot, duty.slot) };
      const found = await fc.check(property(blind), { numRuns: 500, seed: SEED, endOnFailure: true });
      expect(found.failed).toBe(true);
    }, 600_000);
  });
}

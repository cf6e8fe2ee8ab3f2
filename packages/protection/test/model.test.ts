import { copyFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { RULES, type Rules } from '../src/rules.ts';
import { GENESIS, openInline } from './support/inline.ts';
import { operations, play } from './support/model.ts';
import { MUTANTS } from './support/mutants.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
/** Making a database takes longer than playing with it: one is made, and copied for each run. */
const template = path();
beforeAll(async () => (await openInline({ path: template, genesisValidatorsRoot: GENESIS })).close());
function fresh(): string {
  const file = path();
  copyFileSync(template, file);
  return file;
}

const DEEP = process.env.HOLDFAST_DEEP === '1';
const SEED = 3076;

/** Plays on SQLite, with these rules. */
function property(rules: Rules): fc.IAsyncProperty<[Parameters<typeof play>[0]]> {
  return fc.asyncProperty(operations, async (list) => {
    let file = fresh();
    const open = () => openInline({ path: file, genesisValidatorsRoot: GENESIS }, rules);
    await play(list, {
      open,
      openEmpty: () => {
        file = fresh();
        return open();
      },
    });
  });
}

describe('the SQLite store beside a reference that remembers everything', () => {
  it(`never allows what is slashable, refuses nothing else that is above its lines (seed ${SEED})`, async () => {
    await fc.assert(property(RULES), { numRuns: DEEP ? 20_000 : 100, seed: SEED });
  }, 3_600_000);
});

describe('each rule is needed', () => {
  it.each(Object.entries(MUTANTS))('%s: the reference objects', async (_name, rules) => {
    const found = await fc.check(property(rules), { numRuns: 3000, seed: SEED, endOnFailure: true });
    expect(found.failed).toBe(true);
  });
});

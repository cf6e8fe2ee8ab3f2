import { beforeAll, describe, expect, it } from 'vitest';
import { Acts } from '../support/pool-acts.ts';
import { COMPILING, poolCode } from '../support/pool-deploy.ts';
import { type MutantCode, Mutation, SWITCH } from '../support/pool-mutation.ts';
import { scenarios } from '../support/pool-scenarios.ts';
import { World } from '../support/pool-world.ts';
import { MUTANTS } from './mutants.ts';

const codes: Promise<MutantCode>[] = [];

/** All are put to the compiler at once; each is played as soon as it comes out. */
beforeAll(async () => {
  await poolCode();
  const mutation = new Mutation(MUTANTS);
  for (const mutant of MUTANTS) {
    const code = mutation.code(mutant);
    code.catch(() => undefined); // told by its own test
    codes.push(code);
  }
}, COMPILING);

describe('each safeguard has a test that fails without it', () => {
  it('takes out at least a hundred, each in its own way', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(100);
    expect(new Set(MUTANTS.map(({ file, from, to }) => file + from + to)).size).toBe(MUTANTS.length);
  });

  for (const [n, { part, safeguard, scenario }] of MUTANTS.entries()) {
    it(
      `${part}: ${safeguard}`,
      async () => {
        const { code, value } = await codes[n]!;
        const world = await World.start({ code: { ...(await poolCode()), [part]: code } });
        const play = scenarios[scenario];
        if (!play) throw new Error(`no scenario ${scenario}`);
        await world.turn(part, SWITCH, value);
        await expect(play(world, new Acts(world)), 'the mutant survived').rejects.toThrow();
      },
      COMPILING,
    );
  }
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES, type Rules } from '../src/rules.ts';
import { attestationTheorems } from './proof/attestations.ts';
import { blockTheorems } from './proof/blocks.ts';
import { type Prover, startProver, type Theorem } from './proof/z3.ts';
import { MUTANTS } from './support/mutants.ts';

let prover: Prover;
beforeAll(async () => {
  prover = await startProver();
});
afterAll(() => prover.close());

const theoremsOf = (rules: Rules): Theorem[] => [
  ...blockTheorems(prover.is, rules),
  ...attestationTheorems(prover.is, rules),
];

describe('no accepted sequence contains a slashable pair (z3, induction over the rules as the store runs them)', () => {
  it('holds: every theorem is proved', async () => {
    for (const theorem of theoremsOf(RULES)) {
      const { counterexample } = await prover.prove(theorem);
      expect(counterexample, theorem.name).toBeUndefined();
    }
  });

  it('is about something: no theorem has premises that cannot hold, and none proves what is false', async () => {
    const wrong = prover.is.not(prover.is.yes);
    for (const { name, premises } of theoremsOf(RULES)) {
      expect(await prover.isPossible(premises), name).toBe(true);
      expect(await prover.prove({ name, premises, conclusion: wrong }), name).toMatchObject({ holds: false });
    }
  });

  it.each(Object.entries(MUTANTS))('refutes the rules %s', async (_name, rules) => {
    let counterexample: string | undefined;
    for (const theorem of theoremsOf(rules)) {
      ({ counterexample } = await prover.prove(theorem));
      if (counterexample !== undefined) break;
    }
    expect(counterexample).toContain('duty');
  });
});

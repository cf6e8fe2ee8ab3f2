import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, init, killThreads } from 'z3-solver';
import { faultyMax, NODES_MAX, quorumOf } from '../src/index.ts';
import {
  honestAreQuorum,
  lockedValueStays,
  oneValueARound,
  type Premise,
  type Proof,
  quorumHasHonest,
  quorumIsSmallest,
  quorumsMeet,
} from './smt/model.ts';

let api: Awaited<ReturnType<typeof init>>;
let z3: Context<'main'>;
beforeAll(async () => {
  api = await init();
  z3 = api.Context('main');
});
// Z3 computes on threads that would keep the process alive.
afterAll(() => killThreads(api.em));

async function verdict({ premises, negated }: Proof): Promise<'proven' | 'refuted'> {
  const solver = new z3.Solver();
  solver.add(...premises);
  // The canary: premises that contradict each other would prove anything.
  expect(await solver.check(), 'the premises can be true').toBe('sat');
  solver.add(negated);
  const answer = await solver.check();
  if (answer === 'unknown') throw new Error(`Z3 does not know: ${solver.reasonUnknown()}`);
  return answer === 'unsat' ? 'proven' : 'refuted';
}

describe('for every n ≥ 1, f = ⌊(n − 1)/3⌋ and q = ⌈2n/3⌉', () => {
  it.each([
    ['the honest alone are a quorum', honestAreQuorum],
    ['no smaller quorum is safe', quorumIsSmallest],
    ['a quorum has an honest member', quorumHasHonest],
    ['two quorums meet in an honest node', quorumsMeet],
    ['a round prepares or decides one value', oneValueARound],
    ['a value once committed stays through all later rounds', lockedValueStays],
  ] as const)('%s', async (_name, proof) => {
    expect(await verdict(proof(z3))).toBe('proven');
  });

  it('the functions of the code are these', () => {
    for (let n = 1; n <= NODES_MAX; n += 1) {
      const [f, q] = [faultyMax(n), quorumOf(n)];
      expect(3 * f <= n - 1 && n - 1 < 3 * f + 3 && 3 * q >= 2 * n && 3 * (q - 1) < 2 * n, `n = ${n}`).toBe(true);
    }
    for (const n of [0, -1, 1.5, NODES_MAX + 1]) expect(() => quorumOf(n)).toThrow(/CONSENSUS_CONFIG|so many nodes/);
  });
});

describe('without one premise the proof fails', () => {
  it.each<[Premise, string, (context: typeof z3, lacks: Premise) => Proof]>([
    ['quorum is ⌈2n/3⌉', 'quorums meet', quorumsMeet],
    ['at most f lie', 'quorums meet', quorumsMeet],
    ['quorum is ⌈2n/3⌉', 'one value a round', oneValueARound],
    ['the honest vote once a round', 'one value a round', oneValueARound],
    ['quorum is ⌈2n/3⌉', 'locked value', lockedValueStays],
    ['at most f lie', 'locked value', lockedValueStays],
    ['the honest tell what they prepared', 'locked value', lockedValueStays],
    ['prepared rounds are earlier rounds', 'locked value', lockedValueStays],
    ['the highest prepared value is proposed', 'locked value', lockedValueStays],
    ['proposals need a quorum of changes', 'locked value', lockedValueStays],
  ])('%s (%s)', async (premise, _claim, proof) => {
    expect(await verdict(proof(z3, premise))).toBe('refuted');
  });
});

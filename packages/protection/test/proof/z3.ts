import { createRequire } from 'node:module';
import type { Arith, Bool, Context, init as Init, killThreads as KillThreads } from 'z3-solver';
import type { Arithmetic } from '../../src/frontier.ts';

// The package's own types do not know its module format.
const { init, killThreads } = createRequire(import.meta.url)('z3-solver') as {
  readonly init: typeof Init;
  readonly killThreads: typeof KillThreads;
};

export type Int = Arith<'proof'>;
export type Truth = Bool<'proof'>;
/** A signing root: any number, if it is known. */
export interface SymbolicRoot {
  readonly known: Truth;
  readonly value: Int;
}

export type Symbolic = Arithmetic<Int, SymbolicRoot, Truth> & { readonly context: Context<'proof'> };

/** What a proof came to: a theorem holds (`unsat`: nothing contradicts it), or the values that contradict it. */
export interface Outcome {
  readonly holds: boolean;
  readonly counterexample: string | undefined;
}

/** A theorem: whenever all premises hold, so does the conclusion. */
export interface Theorem {
  readonly name: string;
  readonly premises: readonly Truth[];
  readonly conclusion: Truth;
}

export interface Prover {
  readonly is: Symbolic;
  prove(theorem: Theorem): Promise<Outcome>;
  /** Whether the premises can hold at all: a theorem without cases proves nothing. */
  isPossible(premises: readonly Truth[]): Promise<boolean>;
  close(): Promise<void>;
}

/** Starts Z3, which runs as WebAssembly on threads of its own; `close` ends them. */
export async function startProver(): Promise<Prover> {
  const { Context: contextOf, em } = await init();
  const context = contextOf('proof');
  const satisfiable = async (formulas: readonly Truth[]): Promise<string | undefined> => {
    const solver = new context.Solver();
    solver.add(...formulas);
    const answer = await solver.check();
    if (answer === 'unknown') throw new Error(`z3 does not know: ${solver.reasonUnknown()}`);
    return answer === 'sat' ? solver.model().toString() : undefined;
  };
  return {
    is: symbolic(context),
    prove: async ({ premises, conclusion }) => {
      const counterexample = await satisfiable([...premises, context.Not(conclusion)]);
      return { holds: counterexample === undefined, counterexample };
    },
    isPossible: async (premises) => (await satisfiable(premises)) !== undefined,
    close: () => killThreads(em),
  };
}

/** The rules' logic on Z3's unbounded integers, so that what is shown holds for every uint64. */
function symbolic(context: Context<'proof'>): Symbolic {
  const both = (a: Truth, b: Truth): Truth => context.And(a, b);
  return {
    context,
    eq: (a, b) => a.eq(b),
    lt: (a, b) => a.lt(b),
    sameRoot: (a, b) => both(both(a.known, b.known), a.value.eq(b.value)),
    and: both,
    or: (a, b) => context.Or(a, b),
    not: (a) => context.Not(a),
    max: (a, b) => context.If(a.ge(b), a, b),
    choose: (condition, a, b) => context.If(condition, a, b),
    yes: context.Bool.val(true),
  };
}

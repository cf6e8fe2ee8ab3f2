// Agreement of QBFT for every n and f at once. Sets of nodes are counted, not listed: three sets C, Q and B cut the n nodes
// into eight regions, and what is claimed of members becomes a claim of sizes. Z3 then looks for sizes, rounds and values
// that satisfy the premises and break the claim; `unsat` means there are none, for any n.
import type { Arith, Bool, Context } from 'z3-solver';

type Z3 = Context<'main'>;
type Int = Arith<'main'>;
export type Claim = Bool<'main'>;

/** Premises that can be taken away, one at a time, to see that the proof needs them. */
export type Premise =
  | 'quorum is ⌈2n/3⌉'
  | 'at most f lie'
  | 'the honest vote once a round'
  | 'the honest tell what they prepared'
  | 'prepared rounds are earlier rounds'
  | 'the highest prepared value is proposed'
  | 'proposals need a quorum of changes';

export interface Proof {
  readonly premises: readonly Claim[];
  /** What must be impossible beside the premises. */
  readonly negated: Claim;
}

interface Sizes {
  readonly n: Int;
  readonly f: Int;
  readonly q: Int;
  readonly claims: readonly Claim[];
}

/** n ≥ 1, f = ⌊(n − 1) / 3⌋, q = ⌈2n / 3⌉, or one less where that premise is missing. */
function sizes({ Int }: Z3, lacks?: Premise): Sizes {
  const [n, f, exact] = [Int.const('n'), Int.const('f'), Int.const('exact')];
  const q = lacks === 'quorum is ⌈2n/3⌉' ? exact.sub(1) : exact;
  const claims = [n.ge(1), f.mul(3).le(n.sub(1)), n.sub(1).lt(f.mul(3).add(3))];
  return { n, f, q, claims: [...claims, exact.mul(3).ge(n.mul(2)), exact.sub(1).mul(3).lt(n.mul(2))] };
}

/** The regions of C and Q, each with honest and lying members; `honestInBoth` is how many honest are in C and in Q. */
function twoQuorums({ Int }: Z3, { n, f, q }: Sizes, lacks?: Premise) {
  const region = (name: string) => ({ honest: Int.const(`${name}Honest`), lying: Int.const(`${name}Lying`) });
  const [both, onlyC, onlyQ, neither] = [region('both'), region('onlyC'), region('onlyQ'), region('neither')];
  const all = [both, onlyC, onlyQ, neither].flatMap(({ honest, lying }) => [honest, lying]);
  const sum = (parts: readonly Int[]) => parts.reduce((total, part) => total.add(part));
  const lying = sum([both.lying, onlyC.lying, onlyQ.lying, neither.lying]);
  const claims: Claim[] = [
    ...all.map((size) => size.ge(0)),
    sum(all).eq(n),
    sum([both.honest, both.lying, onlyC.honest, onlyC.lying]).ge(q),
  ];
  if (lacks !== 'proposals need a quorum of changes')
    claims.push(sum([both.honest, both.lying, onlyQ.honest, onlyQ.lying]).ge(q));
  if (lacks !== 'at most f lie') claims.push(lying.le(f));
  return { claims, honestInBoth: both.honest };
}

/** The honest alone are a quorum: q ≤ n − f. */
export function honestAreQuorum(z3: Z3): Proof {
  const { n, f, q, claims } = sizes(z3);
  return { premises: claims, negated: q.gt(n.sub(f)) };
}

/** q is the smallest quorum: with one node less, two of them and f liars need no honest node in common. */
export function quorumIsSmallest(z3: Z3): Proof {
  const { n, f, q, claims } = sizes(z3);
  return { premises: claims, negated: q.sub(1).mul(2).sub(n).gt(f) };
}

/** A quorum has an honest member: q > f. */
export function quorumHasHonest(z3: Z3): Proof {
  const { f, q, claims } = sizes(z3);
  return { premises: claims, negated: q.le(f) };
}

/** Two quorums meet in an honest node. */
export function quorumsMeet(z3: Z3, lacks?: Premise): Proof {
  const size = sizes(z3, lacks);
  const { claims, honestInBoth } = twoQuorums(z3, size, lacks);
  return { premises: [...size.claims, ...claims], negated: honestInBoth.eq(0) };
}

/** In one round no two values have a quorum each, be it of PREPAREs or of COMMITs. */
export function oneValueARound(z3: Z3, lacks?: Premise): Proof {
  const size = sizes(z3, lacks);
  const { claims, honestInBoth } = twoQuorums(z3, size, lacks);
  const [v, w] = [z3.Int.const('v'), z3.Int.const('w')];
  const once = lacks === 'the honest vote once a round' ? [] : [z3.Implies(v.neq(w), honestInBoth.eq(0))];
  return { premises: [...size.claims, ...claims, ...once], negated: v.neq(w) };
}

/**
 * The step of the induction over rounds. C committed to v in round r; whatever was prepared in the rounds from r up to the
 * one before s was v; then whatever is justly proposed in round s is v. (With `quorumHasHonest`, whatever is prepared in s
 * is v too, which is the next premise; with `oneValueARound`, nothing but v is ever decided.)
 */
export function lockedValueStays(z3: Z3, lacks?: Premise): Proof {
  const { Int, Bool, Function: Fn, ForAll, Implies, And, Or } = z3;
  const size = sizes(z3, lacks);
  const { claims, honestInBoth } = twoQuorums(z3, size, lacks);
  const [r, s, v, proposed, highest, k] = ['r', 's', 'v', 'proposed', 'highest', 'k'].map((name) =>
    Int.const(name),
  ) as [Int, Int, Int, Int, Int, Int];
  const isPrepared = Fn.declare('isPrepared', Int.sort(), Bool.sort());
  const preparedValue = Fn.declare('preparedValue', Int.sort(), Int.sort());
  const premises = [
    ...size.claims,
    ...claims,
    And(r.ge(1), s.gt(r), highest.ge(0)),
    And(isPrepared.call(r) as Claim, preparedValue.call(r).eq(v)),
    ForAll([k], Implies(And(k.ge(r), k.lt(s), isPrepared.call(k) as Claim), preparedValue.call(k).eq(v))),
  ];
  // Q are the senders of the ROUND-CHANGEs; an honest one that had committed in r tells of r or of something later.
  if (lacks !== 'the honest tell what they prepared') premises.push(Implies(honestInBoth.gt(0), highest.ge(r)));
  // What a justification claims is prepared comes with its quorum of PREPAREs.
  premises.push(Implies(highest.gt(0), isPrepared.call(highest) as Claim));
  if (lacks !== 'prepared rounds are earlier rounds') premises.push(highest.lt(s));
  if (lacks !== 'the highest prepared value is proposed')
    premises.push(Or(highest.eq(0), proposed.eq(preparedValue.call(highest) as Int)));
  return { premises, negated: proposed.neq(v) };
}

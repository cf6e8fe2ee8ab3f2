import { isAttestationCovered, overAttestations, withAttestation } from '../../src/frontier.ts';
import type { AttestationFrontier, AttestationRecord, Rules } from '../../src/rules.ts';
import { sameAttestation } from '../../src/rules.ts';
import type { Int, Symbolic, SymbolicRoot, Theorem, Truth } from './z3.ts';

type Vote = AttestationRecord<Int, SymbolicRoot>;
type Frontier = AttestationFrontier<Int, Truth>;

/**
 * One key's attestations, by induction over all that can happen to the store. `record` is any attestation that was ever
 * accepted or imported; it is `kept`, or it was dropped (pruned, or its source was after its target and it was never stored).
 * `known` is any kept record whose signing root is known, which is what a repeat repeats.
 *
 * Invariant, for every record: it lies at or below the frontier's tops; a kept one has its source not after its target; a
 * dropped one lies at or below both lines; and a known one has its target above every dropped record's (or the dropped one
 * was inverted). From it follows that what is accepted conflicts with no record, and each step preserves it.
 */
export function attestationTheorems(is: Symbolic, rules: Rules): Theorem[] {
  const all = (...truths: readonly Truth[]): Truth => truths.reduce((a, b) => is.and(a, b));
  const any = (...truths: readonly Truth[]): Truth => truths.reduce((a, b) => is.or(a, b));
  const atMost = (a: Int, b: Int): Truth => is.not(is.lt(b, a));
  const implies = (a: Truth, b: Truth): Truth => is.or(is.not(a), b);

  const int = (name: string): Int => is.context.Int.const(name);
  const bool = (name: string): Truth => is.context.Bool.const(name);
  const vote = (name: string): Vote => ({
    source: int(`${name}.source`),
    target: int(`${name}.target`),
    root: { known: bool(`${name}.root.known`), value: int(`${name}.root`) },
  });
  const [duty, record, known] = [vote('duty'), vote('record'), vote('known')];
  const [kept, cut] = [bool('record.kept'), int('cut')];
  const frontier: Frontier = {
    drawn: bool('frontier.drawn'),
    lineSource: int('line.source'),
    lineTarget: int('line.target'),
    topSource: int('top.source'),
    topTarget: int('top.target'),
  };

  const isInverted = (a: Vote): Truth => is.lt(a.target, a.source);
  const covers = (f: Frontier, a: Vote): Truth => all(atMost(a.source, f.lineSource), atMost(a.target, f.lineTarget));
  const bounds = (f: Frontier, a: Vote): Truth =>
    all(f.drawn, atMost(a.source, f.topSource), atMost(a.target, f.topTarget));
  const invariantOf = (f: Frontier, a: Vote, isKept: Truth): Truth =>
    all(bounds(f, a), implies(isKept, is.not(isInverted(a))), implies(is.not(isKept), covers(f, a)));
  const linesBelowTops = (f: Frontier): Truth =>
    implies(f.drawn, all(atMost(f.lineSource, f.topSource), atMost(f.lineTarget, f.topTarget)));
  /** Of a kept record with a known root, and one that was dropped. */
  const apart = (a: Vote, dropped: Vote): Truth =>
    implies(a.root.known, any(is.lt(dropped.target, a.target), isInverted(dropped)));

  /** consensus-specs, phase 0, `is_slashable_attestation_data`, in both orders; an unknown root is another one. */
  const isSlashable = (a: Vote, b: Vote): Truth => {
    const sameData = all(a.source.eq(b.source), a.target.eq(b.target), is.sameRoot(a.root, b.root));
    const double = all(is.not(sameData), a.target.eq(b.target));
    const surrounds = (x: Vote, y: Vote): Truth => all(x.source.lt(y.source), y.target.lt(x.target));
    return any(double, surrounds(a, b), surrounds(b, a));
  };

  const conflicts = (a: Vote, b: Vote): Truth =>
    any(...Object.values(rules.pairs.attestation).map((rule) => rule(is, a, b)));
  const ahead = rules.isAttestationAhead(is, duty, frontier);
  const refusedByLines = (repeated: Truth): Truth =>
    any(...Object.values(rules.lines.attestation).map((rule) => rule(is, duty, frontier, repeated)));
  /** What the store asks of a duty, as far as this record goes: ahead of all, or in no conflict with it if it is kept. */
  const passes = (repeated: Truth): Truth =>
    all(is.not(refusedByLines(repeated)), any(ahead, is.not(kept), is.not(conflicts(duty, record))));
  const before = all(invariantOf(frontier, record, kept), linesBelowTops(frontier));
  const accepted = [before, passes(is.not(is.yes))];
  const after = withAttestation(is, frontier, duty);
  const repeats = [
    before,
    invariantOf(frontier, known, is.yes),
    sameAttestation(is, duty, known),
    implies(is.not(kept), apart(known, record)),
    passes(is.yes),
  ];
  const pruned = overAttestations(is, frontier, int('pruned.source'), int('pruned.target'));
  const isPruned = all(kept, atMost(record.target, cut));
  const pruning = [
    before,
    invariantOf(frontier, known, is.yes),
    is.lt(cut, known.target),
    implies(is.not(kept), apart(known, record)),
    // The lines are raised over the highest source and target of what is dropped.
    implies(isPruned, all(atMost(record.source, int('pruned.source')), atMost(record.target, int('pruned.target')))),
    // Which are some dropped record's, so below the tops.
    all(
      frontier.drawn,
      atMost(int('pruned.source'), frontier.topSource),
      atMost(int('pruned.target'), frontier.topTarget),
    ),
  ];
  const afterPruning = is.and(kept, is.not(isPruned));
  const over = overAttestations(is, frontier, duty.source, duty.target);

  return [
    {
      name: 'an accepted attestation is not slashable with any record',
      premises: accepted,
      conclusion: is.not(isSlashable(duty, record)),
    },
    {
      name: 'an accepted attestation has its source not after its target',
      premises: accepted,
      conclusion: is.not(isInverted(duty)),
    },
    {
      name: 'a repeated attestation is not slashable with any record',
      premises: repeats,
      conclusion: is.not(isSlashable(duty, record)),
    },
    {
      name: 'accepting preserves the invariant',
      premises: accepted,
      conclusion: all(
        linesBelowTops(after),
        invariantOf(after, record, kept),
        invariantOf(after, duty, is.yes),
        implies(is.not(kept), apart(duty, record)),
      ),
    },
    {
      name: 'the first attestation of a key establishes the invariant',
      premises: [is.not(frontier.drawn), is.not(refusedByLines(is.not(is.yes)))],
      conclusion: all(linesBelowTops(after), invariantOf(after, duty, is.yes)),
    },
    {
      name: 'pruning preserves the invariant',
      premises: pruning,
      conclusion: all(
        linesBelowTops(pruned),
        invariantOf(pruned, record, afterPruning),
        implies(is.not(afterPruning), apart(known, record)),
      ),
    },
    {
      name: 'an imported record that keeps its root preserves the invariant',
      premises: [before, is.not(isInverted(duty)), is.not(isAttestationCovered(is, frontier, duty))],
      conclusion: all(
        linesBelowTops(after),
        invariantOf(after, record, kept),
        invariantOf(after, duty, is.yes),
        implies(is.not(kept), apart(duty, record)),
      ),
    },
    {
      name: 'an imported record that is inverted preserves the invariant',
      premises: [before, isInverted(duty)],
      conclusion: all(linesBelowTops(over), invariantOf(over, record, kept), invariantOf(over, duty, is.not(is.yes))),
    },
    {
      name: 'lines that are raised preserve the invariant',
      premises: [before],
      conclusion: all(linesBelowTops(over), invariantOf(over, record, kept)),
    },
    {
      name: 'no pair rule holds for what is ahead',
      premises: [before, kept, ahead],
      conclusion: is.not(conflicts(duty, record)),
    },
    {
      name: 'the pair rules are those of the specification',
      premises: [all(is.not(isInverted(duty)), is.not(isInverted(record)))],
      conclusion: conflicts(duty, record).eq(isSlashable(duty, record)),
    },
    {
      name: 'what a search from the source up to the top leaves out is in no conflict',
      premises: [
        before,
        kept,
        is.not(isInverted(duty)),
        any(is.lt(record.target, duty.source), is.lt(frontier.topTarget, record.target)),
      ],
      conclusion: is.not(conflicts(duty, record)),
    },
    {
      name: 'records that do not conflict are in one order by source and by target',
      premises: [is.not(conflicts(duty, record)), is.lt(record.target, duty.target)],
      conclusion: atMost(record.source, duty.source),
    },
  ];
}

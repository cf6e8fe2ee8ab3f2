import { isBlockCovered, overBlocks, withBlock } from '../../src/frontier.ts';
import type { BlockFrontier, BlockRecord, Rules } from '../../src/rules.ts';
import { sameBlock } from '../../src/rules.ts';
import type { Int, Symbolic, SymbolicRoot, Theorem, Truth } from './z3.ts';

type Block = BlockRecord<Int, SymbolicRoot>;
type Frontier = BlockFrontier<Int, Truth>;

/** The same for blocks: see `attestations.ts`. A dropped block lies at or below the line, and below every known one. */
export function blockTheorems(is: Symbolic, rules: Rules): Theorem[] {
  const all = (...truths: readonly Truth[]): Truth => truths.reduce((a, b) => is.and(a, b));
  const atMost = (a: Int, b: Int): Truth => is.not(is.lt(b, a));
  const implies = (a: Truth, b: Truth): Truth => is.or(is.not(a), b);
  const int = (name: string): Int => is.context.Int.const(name);
  const bool = (name: string): Truth => is.context.Bool.const(name);
  const block = (name: string): Block => ({
    slot: int(`${name}.slot`),
    root: { known: bool(`${name}.root.known`), value: int(`${name}.root`) },
  });
  const [duty, record, known] = [block('duty'), block('record'), block('known')];
  const [kept, cut, over] = [bool('record.kept'), int('cut'), int('pruned.slot')];
  const frontier: Frontier = { drawn: bool('frontier.drawn'), line: int('line'), top: int('top') };

  const invariantOf = (f: Frontier, a: Block, isKept: Truth): Truth =>
    all(f.drawn, atMost(f.line, f.top), atMost(a.slot, f.top), implies(is.not(isKept), atMost(a.slot, f.line)));
  const apart = (a: Block, dropped: Block): Truth => implies(a.root.known, is.lt(dropped.slot, a.slot));
  /** consensus-specs, phase 0, `process_proposer_slashing`: one slot, two headers; an unknown root is another one. */
  const isSlashable = (a: Block, b: Block): Truth => all(a.slot.eq(b.slot), is.not(is.sameRoot(a.root, b.root)));

  const conflicts = (a: Block, b: Block): Truth =>
    Object.values(rules.pairs.block)
      .map((rule) => rule(is, a, b))
      .reduce((x, y) => is.or(x, y));
  const ahead = rules.isBlockAhead(is, duty, frontier);
  const refusedByLine = (repeated: Truth): Truth =>
    Object.values(rules.lines.block)
      .map((rule) => rule(is, duty, frontier, repeated))
      .reduce((x, y) => is.or(x, y));
  const passes = (repeated: Truth): Truth =>
    all(is.not(refusedByLine(repeated)), is.or(is.or(ahead, is.not(kept)), is.not(conflicts(duty, record))));
  const before = invariantOf(frontier, record, kept);
  const accepted = [before, passes(is.not(is.yes))];
  const after = withBlock(is, frontier, duty);
  const pruned = overBlocks(is, frontier, over);
  const isPruned = all(kept, atMost(record.slot, cut));
  const afterPruning = is.and(kept, is.not(isPruned));
  const apartIfDropped = implies(is.not(kept), apart(known, record));

  return [
    {
      name: 'an accepted block is not slashable with any record',
      premises: accepted,
      conclusion: is.not(isSlashable(duty, record)),
    },
    {
      name: 'a repeated block is not slashable with any record',
      premises: [
        before,
        invariantOf(frontier, known, is.yes),
        sameBlock(is, duty, known),
        apartIfDropped,
        passes(is.yes),
      ],
      conclusion: is.not(isSlashable(duty, record)),
    },
    {
      name: 'accepting a block preserves the invariant',
      premises: accepted,
      conclusion: all(
        invariantOf(after, record, kept),
        invariantOf(after, duty, is.yes),
        implies(is.not(kept), apart(duty, record)),
      ),
    },
    {
      name: 'the first block of a key establishes the invariant',
      premises: [is.not(frontier.drawn), is.not(refusedByLine(is.not(is.yes)))],
      conclusion: invariantOf(after, duty, is.yes),
    },
    {
      name: 'pruning blocks preserves the invariant',
      premises: [
        before,
        apartIfDropped,
        is.lt(cut, known.slot),
        implies(isPruned, atMost(record.slot, over)),
        atMost(over, frontier.top),
      ],
      conclusion: all(invariantOf(pruned, record, afterPruning), implies(is.not(afterPruning), apart(known, record))),
    },
    {
      name: 'an imported block that keeps its root preserves the invariant',
      premises: [before, is.not(isBlockCovered(is, frontier, duty))],
      conclusion: all(
        invariantOf(after, record, kept),
        invariantOf(after, duty, is.yes),
        implies(is.not(kept), apart(duty, record)),
      ),
    },
    {
      name: 'no pair rule holds for a block that is ahead',
      premises: [before, kept, ahead],
      conclusion: is.not(conflicts(duty, record)),
    },
    {
      name: 'the pair rule of blocks is that of the specification',
      premises: [is.yes],
      conclusion: conflicts(duty, record).eq(isSlashable(duty, record)),
    },
  ];
}

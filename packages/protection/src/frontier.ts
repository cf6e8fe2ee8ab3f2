/**
 * How a key's frontier moves: with each record, and over what is forgotten. Written over the same small logic as the rules,
 * for the same reason: the proof in `test/proof` is about these very functions.
 */
import type { AttestationFrontier, AttestationRecord, BlockFrontier, BlockRecord, Logic } from './rules.ts';

export interface Arithmetic<N, R, B> extends Logic<N, R, B> {
  max(a: N, b: N): N;
  /** `a` if the condition holds, else `b`. */
  choose(condition: B, a: N, b: N): N;
  readonly yes: B;
}

/** The frontier with one more block. The first one draws the line: what lies below it was never known here. */
export function withBlock<N, R, B>(
  is: Arithmetic<N, R, B>,
  { drawn, line, top }: BlockFrontier<N, B>,
  { slot }: BlockRecord<N, R>,
): BlockFrontier<N, B> {
  return { drawn: is.yes, line: is.choose(drawn, line, slot), top: is.choose(drawn, is.max(top, slot), slot) };
}

/** The frontier with one more attestation. */
export function withAttestation<N, R, B>(
  is: Arithmetic<N, R, B>,
  { drawn, lineSource, lineTarget, topSource, topTarget }: AttestationFrontier<N, B>,
  { source, target }: AttestationRecord<N, R>,
): AttestationFrontier<N, B> {
  return {
    drawn: is.yes,
    lineSource: is.choose(drawn, lineSource, source),
    lineTarget: is.choose(drawn, lineTarget, target),
    topSource: is.choose(drawn, is.max(topSource, source), source),
    topTarget: is.choose(drawn, is.max(topTarget, target), target),
  };
}

/** The frontier after blocks up to `slot` were forgotten: none of those slots is signed any more. */
export function overBlocks<N, R, B>(
  is: Arithmetic<N, R, B>,
  { drawn, line, top }: BlockFrontier<N, B>,
  slot: N,
): BlockFrontier<N, B> {
  return {
    drawn: is.yes,
    line: is.choose(drawn, is.max(line, slot), slot),
    top: is.choose(drawn, is.max(top, slot), slot),
  };
}

/**
 * The frontier after attestations were forgotten whose sources are at most `source` and whose targets are at most `target`.
 * A later attestation has a higher target than each of them, so it is neither a double vote nor surrounded, and no lower a
 * source, so it surrounds none.
 */
export function overAttestations<N, R, B>(
  is: Arithmetic<N, R, B>,
  { drawn, lineSource, lineTarget, topSource, topTarget }: AttestationFrontier<N, B>,
  source: N,
  target: N,
): AttestationFrontier<N, B> {
  return {
    drawn: is.yes,
    lineSource: is.choose(drawn, is.max(lineSource, source), source),
    lineTarget: is.choose(drawn, is.max(lineTarget, target), target),
    topSource: is.choose(drawn, is.max(topSource, source), source),
    topTarget: is.choose(drawn, is.max(topTarget, target), target),
  };
}

/**
 * Whether a block that comes with an import lies where the line stands. Another one may have been signed there and forgotten,
 * so its signing root is not kept: a record that has none is never signed again as a repeat.
 */
export function isBlockCovered<N, R, B>(
  is: Logic<N, R, B>,
  { drawn, line }: BlockFrontier<N, B>,
  { slot }: BlockRecord<N, R>,
): B {
  return is.and(drawn, is.not(is.lt(line, slot)));
}

/** The same for an attestation. */
export function isAttestationCovered<N, R, B>(
  is: Logic<N, R, B>,
  { drawn, lineTarget }: AttestationFrontier<N, B>,
  { target }: AttestationRecord<N, R>,
): B {
  return is.and(drawn, is.not(is.lt(lineTarget, target)));
}

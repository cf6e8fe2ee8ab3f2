/**
 * The rules of EIP-3076, once. They only compare, so each is written over a small logic and means the same
 * - on bigints and booleans, where the store decides (`logic/exact.ts`),
 * - on SQL text, where the database looks through the history (`logic/sql.ts`),
 * - on Z3's integers, where `test/proof` shows that no accepted sequence holds a slashable pair.
 * That they only compare is also why slots and epochs may be kept in any form that keeps their order.
 */

/** Numbers N, signing roots R and truth values B. */
export interface Logic<N, R, B> {
  eq(a: N, b: N): B;
  lt(a: N, b: N): B;
  /** Both known, and the same. */
  sameRoot(a: R, b: R): B;
  and(a: B, b: B): B;
  or(a: B, b: B): B;
  not(a: B): B;
}

export interface BlockRecord<N, R> {
  readonly slot: N;
  readonly root: R;
}

export interface AttestationRecord<N, R> {
  readonly source: N;
  readonly target: N;
  readonly root: R;
}

/** What is known of a key's blocks without looking at them. Nothing is, until the first record: `drawn` is false. */
export interface BlockFrontier<N, B> {
  readonly drawn: B;
  /** EIP-3076 condition 2. */
  readonly line: N;
  /** No record is above it. */
  readonly top: N;
}

/** What is known of a key's attestations without looking at them. */
export interface AttestationFrontier<N, B> {
  readonly drawn: B;
  /** EIP-3076 conditions 4 and 5. */
  readonly lineSource: N;
  readonly lineTarget: N;
  /** No record's source or target is above these. */
  readonly topSource: N;
  readonly topTarget: N;
}

/** Two blocks that slash whoever signed both (consensus-specs, `process_proposer_slashing`); an unknown root is another one. */
export type BlockPairRule = <N, R, B>(is: Logic<N, R, B>, duty: BlockRecord<N, R>, record: BlockRecord<N, R>) => B;

/** Two attestations that slash whoever signed both (consensus-specs, `is_slashable_attestation_data`). */
export type AttestationPairRule = <N, R, B>(
  is: Logic<N, R, B>,
  duty: AttestationRecord<N, R>,
  record: AttestationRecord<N, R>,
) => B;

export type BlockLineRule = <N, R, B>(
  is: Logic<N, R, B>,
  duty: BlockRecord<N, R>,
  frontier: BlockFrontier<N, B>,
  repeated: B,
) => B;

export type AttestationLineRule = <N, R, B>(
  is: Logic<N, R, B>,
  duty: AttestationRecord<N, R>,
  frontier: AttestationFrontier<N, B>,
  repeated: B,
) => B;

export const sameBlock: BlockPairRule = (is, duty, record) =>
  is.and(is.eq(duty.slot, record.slot), is.sameRoot(duty.root, record.root));

export const sameAttestation: AttestationPairRule = (is, duty, record) =>
  is.and(
    is.and(is.eq(duty.source, record.source), is.eq(duty.target, record.target)),
    is.sameRoot(duty.root, record.root),
  );

/** The rules that need a second record. A duty is refused if one holds between it and any record of its key. */
export interface PairRules {
  readonly block: Readonly<Record<'double-block', BlockPairRule>>;
  readonly attestation: Readonly<Record<'double-vote' | 'surrounding-vote' | 'surrounded-vote', AttestationPairRule>>;
}

/** The rules that need only the frontier, and the duty itself. */
export interface LineRules {
  readonly block: Readonly<Record<'block-below-watermark', BlockLineRule>>;
  readonly attestation: Readonly<
    Record<'source-after-target' | 'source-below-watermark' | 'target-below-watermark', AttestationLineRule>
  >;
}

/** What decides. Tests take single rules out, and see that what they check breaks. */
export interface Rules {
  readonly pairs: PairRules;
  readonly lines: LineRules;
  readonly isBlockAhead: <N, R, B>(is: Logic<N, R, B>, duty: BlockRecord<N, R>, frontier: BlockFrontier<N, B>) => B;
  readonly isAttestationAhead: <N, R, B>(
    is: Logic<N, R, B>,
    duty: AttestationRecord<N, R>,
    frontier: AttestationFrontier<N, B>,
  ) => B;
}

export const RULES: Rules = {
  pairs: {
    block: {
      'double-block': (is, duty, record) => is.and(is.eq(duty.slot, record.slot), is.not(sameBlock(is, duty, record))),
    },
    attestation: {
      'double-vote': (is, duty, record) =>
        is.and(is.eq(duty.target, record.target), is.not(sameAttestation(is, duty, record))),
      'surrounding-vote': (is, duty, record) =>
        is.and(is.lt(duty.source, record.source), is.lt(record.target, duty.target)),
      'surrounded-vote': (is, duty, record) =>
        is.and(is.lt(record.source, duty.source), is.lt(duty.target, record.target)),
    },
  },
  lines: {
    block: {
      'block-below-watermark': (is, duty, { drawn, line }, repeated) =>
        is.and(is.and(drawn, is.not(is.lt(line, duty.slot))), is.not(repeated)),
    },
    attestation: {
      'source-after-target': (is, duty) => is.lt(duty.target, duty.source),
      'source-below-watermark': (is, duty, { drawn, lineSource }) => is.and(drawn, is.lt(duty.source, lineSource)),
      'target-below-watermark': (is, duty, { drawn, lineTarget }, repeated) =>
        is.and(is.and(drawn, is.not(is.lt(lineTarget, duty.target))), is.not(repeated)),
    },
  },
  /** Above every record: no pair rule can hold, and the history need not be looked at. */
  isBlockAhead: (is, duty, { drawn, top }) => is.or(is.not(drawn), is.lt(top, duty.slot)),
  /** Above every record: a higher target excludes double and surrounded, a source not lower excludes surrounding. */
  isAttestationAhead: (is, duty, { drawn, topSource, topTarget }) =>
    is.or(is.not(drawn), is.and(is.not(is.lt(duty.source, topSource)), is.lt(topTarget, duty.target))),
};

import { type AttestationLineRule, type AttestationPairRule, type Logic, RULES, type Rules } from '../../src/rules.ts';

const { pairs, lines } = RULES;

/** A rule that never holds. */
const never = <N, R, B>(is: Logic<N, R, B>, any: N): B => is.lt(any, any);

/** The rules with one taken out, or a comparison weakened, at a time. Whatever checks the rules must object to each. */
export const MUTANTS: Readonly<Record<string, Rules>> = {
  'without double-block': {
    ...RULES,
    pairs: { ...pairs, block: { 'double-block': (is, duty) => never(is, duty.slot) } },
  },
  'without double-vote': withoutPair('double-vote'),
  'without surrounding-vote': withoutPair('surrounding-vote'),
  'without surrounded-vote': withoutPair('surrounded-vote'),
  'without block-below-watermark': {
    ...RULES,
    lines: { ...lines, block: { 'block-below-watermark': (is, duty) => never(is, duty.slot) } },
  },
  'without source-after-target': withoutLine('source-after-target'),
  'without source-below-watermark': withoutLine('source-below-watermark'),
  'without target-below-watermark': withoutLine('target-below-watermark'),
  'with a line that lets its own target pass': {
    ...RULES,
    lines: {
      ...lines,
      attestation: {
        ...lines.attestation,
        'target-below-watermark': (is, duty, { drawn, lineTarget }) => is.and(drawn, is.lt(duty.target, lineTarget)),
      },
    },
  },
  'with the same slot counted as ahead': {
    ...RULES,
    isBlockAhead: (is, duty, { drawn, top }) => is.or(is.not(drawn), is.not(is.lt(duty.slot, top))),
  },
  'with the same target counted as ahead': {
    ...RULES,
    isAttestationAhead: (is, duty, { drawn, topSource, topTarget }) =>
      is.or(is.not(drawn), is.and(is.not(is.lt(duty.source, topSource)), is.not(is.lt(duty.target, topTarget)))),
  },
  'with a lower source counted as ahead': {
    ...RULES,
    isAttestationAhead: (is, duty, { drawn, topTarget }) => is.or(is.not(drawn), is.lt(topTarget, duty.target)),
  },
  'with a lower target counted as ahead': {
    ...RULES,
    isAttestationAhead: (is, duty, { drawn, topSource }) => is.or(is.not(drawn), is.not(is.lt(duty.source, topSource))),
  },
};

function withoutPair(rule: keyof Rules['pairs']['attestation']): Rules {
  const out: AttestationPairRule = (is, duty) => never(is, duty.source);
  return { ...RULES, pairs: { ...pairs, attestation: { ...pairs.attestation, [rule]: out } } };
}

function withoutLine(rule: keyof Rules['lines']['attestation']): Rules {
  const out: AttestationLineRule = (is, duty) => never(is, duty.source);
  return { ...RULES, lines: { ...lines, attestation: { ...lines.attestation, [rule]: out } } };
}

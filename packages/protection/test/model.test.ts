import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttestationLineRule, type AttestationPairRule, type Logic, RULES, type Rules } from '../src/rules.ts';
import { GENESIS, openInline } from './support/inline.ts';
import { operations, play } from './support/model.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
const DEEP = process.env.HOLDFAST_DEEP === '1';
const SEED = 3076;

/** Plays on SQLite, with these rules. */
function property(rules: Rules): fc.IAsyncProperty<[Parameters<typeof play>[0]]> {
  return fc.asyncProperty(operations, async (list) => {
    let file = path();
    const open = () => openInline({ path: file, genesisValidatorsRoot: GENESIS }, rules);
    await play(list, {
      open,
      openEmpty: () => {
        file = path();
        return open();
      },
    });
  });
}

describe('the SQLite store beside a reference that remembers everything', () => {
  it(`never allows what is slashable, refuses nothing else that is above its lines (seed ${SEED})`, async () => {
    await fc.assert(property(RULES), { numRuns: DEEP ? 20_000 : 150, seed: SEED });
  }, 3_600_000);
});

const { pairs, lines } = RULES;
/** A rule that never holds. */
const never = <N, R, B>(is: Logic<N, R, B>, any: N): B => is.lt(any, any);

/** One rule taken out, or a comparison weakened, at a time. */
const MUTANTS: Readonly<Record<string, Rules>> = {
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
  'target-below-watermark lets the line itself pass': {
    ...RULES,
    lines: {
      ...lines,
      attestation: {
        ...lines.attestation,
        'target-below-watermark': (is, duty, { drawn, lineTarget }) => is.and(drawn, is.lt(duty.target, lineTarget)),
      },
    },
  },
  'the same slot counts as ahead': {
    ...RULES,
    isBlockAhead: (is, duty, { drawn, top }) => is.or(is.not(drawn), is.not(is.lt(duty.slot, top))),
  },
  'the same target counts as ahead': {
    ...RULES,
    isAttestationAhead: (is, duty, { drawn, topSource, topTarget }) =>
      is.or(is.not(drawn), is.and(is.not(is.lt(duty.source, topSource)), is.not(is.lt(duty.target, topTarget)))),
  },
  'a lower source counts as ahead': {
    ...RULES,
    isAttestationAhead: (is, duty, { drawn, topTarget }) => is.or(is.not(drawn), is.lt(topTarget, duty.target)),
  },
  'a lower target counts as ahead': {
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

describe('each rule is needed', () => {
  it.each(Object.entries(MUTANTS))('%s: the reference objects', async (_name, rules) => {
    const found = await fc.check(property(rules), { numRuns: 3000, seed: SEED, endOnFailure: true });
    expect(found.failed).toBe(true);
  });
});

import { NODES_MAX } from '../cluster/quorum.ts';
import { instancePrefix } from '../codec/signed.ts';
import { RULES, type Rules } from '../machine/rules.ts';

export type MutantName =
  | 'quorumOneSmaller'
  | 'unjustifiedProposals'
  | 'preparedIgnored'
  | 'preparedUntold'
  | 'persistSkipped'
  | 'votesCountedTwice'
  | 'signaturesUnchecked'
  | 'instanceUnbound'
  | 'quotesUncompared'
  | 'roundsNeverLeft';

/** A machine that lacks one safeguard, and what that is. */
export interface Mutant {
  readonly lacks: string;
  readonly rules: Rules;
}

/** What the simulator must catch: each is the true machine but for one thing. */
export const MUTANTS: Readonly<Record<MutantName, Mutant>> = {
  quorumOneSmaller: {
    lacks: 'two quorums need not meet in an honest node',
    rules: { ...RULES, quorum: (n) => RULES.quorum(n) - 1 },
  },
  unjustifiedProposals: {
    lacks: 'a leader may propose in a later round without a quorum of ROUND-CHANGEs',
    rules: { ...RULES, justifiesProposals: false },
  },
  preparedIgnored: {
    lacks: 'a leader may propose its own value though another is prepared',
    rules: { ...RULES, highestPrepared: () => undefined },
  },
  preparedUntold: {
    lacks: 'a ROUND-CHANGE does not tell what its sender has prepared',
    rules: { ...RULES, tellsPrepared: false },
  },
  persistSkipped: {
    lacks: 'votes are sent without being on disk',
    rules: { ...RULES, persists: false },
  },
  votesCountedTwice: {
    lacks: "one sender's votes in a certificate count as often as they stand there",
    rules: { ...RULES, votes: (messages) => Math.min(messages.length, NODES_MAX) },
  },
  signaturesUnchecked: {
    lacks: 'signatures are not checked',
    rules: { ...RULES, verify: () => true },
  },
  instanceUnbound: {
    lacks: 'signatures do not bind the instance',
    rules: {
      ...RULES,
      prefix: (lockHash, { duty, slot }) => instancePrefix(lockHash, { duty, slot: (slot - slot) as typeof slot }),
    },
  },
  quotesUncompared: {
    lacks: 'a leader that tells nodes different things is not found out by what they quote',
    rules: { ...RULES, comparesQuotes: false },
  },
  roundsNeverLeft: {
    lacks: 'a round whose leader is dead lasts forever',
    rules: { ...RULES, leavesRounds: false },
  },
};

export const MUTANT_NAMES = Object.keys(MUTANTS) as MutantName[];

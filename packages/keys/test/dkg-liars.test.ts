import { describe, expect, it } from 'vitest';
import { encodeComplaints } from '../src/dkg/complaints.ts';
import type { FaultReason } from '../src/dkg/faults.ts';
import type { Party, PHASES } from '../src/dkg/messages.ts';
import { planCeremony } from '../src/dkg/plan.ts';
import { verifyLock } from '../src/lock/verify.ts';
import { type Lie, membersOf, type Played, play } from './support/ceremony.ts';
import { about, all, flipped, identityOf, publicPoint, says, withheldShares, wrongShares } from './support/liars.ts';
import { seededBytes } from './support/random.ts';

const members = membersOf(['a', 'b', 'c', 'd']);
const plan = planCeremony(members.definition);
const LIAR = 2;
const HONEST = [1, 3, 4] as const;
const setting = { members };
const says2 = (phase: (typeof PHASES)[number], change: (payload: Uint8Array, to: Party) => Uint8Array | undefined) =>
  says(setting, identityOf(members, LIAR), phase, change);

async function expectWhole(played: Played, honest: readonly Party[] = HONEST): Promise<void> {
  const failed = [...played.failures].filter(([party]) => honest.includes(party));
  expect(failed.map(([party, { error }]) => `${party}: ${error.message}`)).toEqual([]);
  const results = honest.map((party) => played.results.get(party)!);
  for (const { lock, qualified } of results) {
    expect(lock.lockHash).toBe(results[0]!.lock.lockHash);
    expect(qualified).toEqual(results[0]!.qualified);
  }
  const { keys } = await verifyLock(results[0]!.lock, () => true);
  expect(keys).toHaveLength(members.definition.validators);
  for (const party of honest) expect(results[0]!.lock.signers).toContain(party);
}

interface Case {
  readonly name: string;
  readonly lie: Lie;
  /** What every honest node says about the liar. */
  readonly reasons: readonly FaultReason[];
  /** Whether its dealing is left out. */
  readonly excluded: boolean;
  /** Others that are named besides: the line between two cannot be judged by a third. */
  readonly besides?: readonly Party[];
}

const silentIn = (phase: (typeof PHASES)[number]): Lie => says2(phase, () => undefined);

const cases: readonly Case[] = [
  { name: 'sends nothing at all', lie: () => [], reasons: ['silent'], excluded: true },
  { name: 'deals to nobody', lie: silentIn('deal'), reasons: ['silent'], excluded: true },
  {
    name: 'gives one a wrong share and does not answer for it',
    lie: all(wrongShares([3]), silentIn('justify')),
    reasons: ['silent', 'unjustified'],
    excluded: true,
  },
  {
    name: 'gives one a wrong share and answers with another wrong one',
    lie: all(
      wrongShares([3]),
      says2('justify', (payload) => flipped(payload, payload.length - 1)),
    ),
    reasons: ['unjustified'],
    excluded: true,
  },
  {
    name: 'answers with more than was asked for',
    lie: all(
      wrongShares([3]),
      says2('justify', (payload) => Uint8Array.of(...payload, 0)),
    ),
    reasons: ['unjustified'],
    excluded: true,
  },
  {
    name: 'gives one a wrong share and shows the right one when asked',
    lie: wrongShares([3], 1),
    reasons: ['disputed'],
    excluded: false,
    besides: [3],
  },
  {
    name: 'gives one no shares and shows them when asked',
    lie: withheldShares([4]),
    reasons: ['disputed'],
    excluded: false,
    besides: [4],
  },
  { name: 'gives two wrong shares', lie: wrongShares([1, 3]), reasons: ['too-many-complaints'], excluded: true },
  {
    name: 'gives all no shares',
    lie: withheldShares([1, 3, 4]),
    reasons: ['silent', 'too-many-complaints'],
    excluded: true,
  },
  {
    name: 'deals a commitment that is no point',
    lie: says2('deal', (payload) => Uint8Array.from(payload, (byte, i) => (i === 0 ? 0 : byte))),
    reasons: ['bad-dealing'],
    excluded: true,
  },
  {
    name: 'deals a commitment of something else',
    lie: says2('deal', (payload) => {
      const copy = Uint8Array.from(payload);
      copy.set(publicPoint(5), 48);
      return copy;
    }),
    reasons: ['too-many-complaints'],
    excluded: true,
  },
  {
    name: 'proves possession of nothing',
    lie: says2('deal', (payload) => {
      const copy = Uint8Array.from(payload);
      copy.set(payload.slice(-96), payload.length - 2 * 96);
      return copy;
    }),
    reasons: ['bad-dealing'],
    excluded: true,
  },
  {
    name: 'deals too little',
    lie: says2('deal', (payload) => payload.slice(1)),
    reasons: ['bad-dealing'],
    excluded: true,
  },
  {
    name: 'tells one other commitments than the rest',
    lie: says2('deal', (payload, to) => (to === 3 ? flipped(payload, 60) : payload)),
    reasons: ['equivocated'],
    excluded: true,
  },
  {
    name: 'tells each other commitments',
    lie: says2('deal', (payload, to) => flipped(payload, 60 + to)),
    reasons: ['equivocated'],
    excluded: true,
  },
  {
    name: 'tells its commitments to one alone, who passes them on',
    lie: says2('deal', (payload, to) => (to === 4 ? payload : undefined)),
    reasons: [],
    excluded: false,
  },
  {
    name: 'complains without reason',
    lie: says2('complain', () => encodeComplaints(new Map([[1, [0]]]))),
    reasons: ['disputed'],
    excluded: false,
    besides: [1],
  },
  {
    name: 'complains about everyone and everything',
    lie: says2('complain', () => encodeComplaints(new Map(HONEST.map((party) => [party, 'all'])))),
    reasons: ['disputed'],
    excluded: false,
    besides: [1, 3, 4],
  },
  {
    name: 'complains about itself',
    lie: says2('complain', () => encodeComplaints(new Map([[LIAR, [0]]]))),
    reasons: ['malformed'],
    excluded: false,
  },
  {
    name: 'complains in two ways',
    lie: says2('complain', (_payload, to) => encodeComplaints(to === 1 ? new Map() : new Map([[1, [to % 2]]]))),
    reasons: ['equivocated'],
    excluded: false,
  },
  {
    name: 'falls silent after the dealing',
    lie: (message) =>
      message.kind === 'shares' || (message.kind === 'value' && message.phase === 'deal') ? [message] : [],
    reasons: ['silent'],
    excluded: false,
  },
  {
    name: 'confirms another transcript',
    lie: about('confirm', (message) => [{ ...message, transcriptHash: flipped(message.transcriptHash, 0) }]),
    reasons: ['other-transcript'],
    excluded: false,
  },
  {
    name: 'confirms in another’s name',
    lie: about('confirm', (message) => [{ ...message, signature: flipped(message.signature, 3) }]),
    reasons: ['other-transcript'],
    excluded: false,
  },
  {
    name: 'signs a deposit wrongly',
    lie: about('confirm', (message) => [{ ...message, partials: message.partials.toReversed() }]),
    reasons: ['bad-partial'],
    excluded: false,
  },
  {
    name: 'signs a deposit with garbage',
    lie: about('confirm', (message) => [
      { ...message, partials: message.partials.map(() => new Uint8Array(96).fill(7)) },
    ]),
    reasons: ['bad-partial'],
    excluded: false,
  },
  {
    name: 'signs another lock',
    lie: about('seal', () => [{ kind: 'seal', signature: seededBytes('seal')(96) }]),
    reasons: ['bad-partial'],
    excluded: false,
  },
  {
    name: 'sends garbage besides',
    lie: (message) => [message, ...[Uint8Array.of(99), new Uint8Array(), seededBytes('g')(500)]] as never,
    reasons: ['malformed'],
    excluded: false,
  },
];

describe('one liar of four: the others finish, agree and name it', () => {
  it.each(cases)('$name', async ({ lie, reasons, excluded, besides = [] }) => {
    const played = play({ seed: 'one liar', members, lies: new Map([[LIAR, lie]]) });
    await expectWhole(played);
    expect(played.deadlines).toBeLessThanOrEqual(plan.rounds);
    for (const party of HONEST) {
      const { faults, qualified, lock } = played.results.get(party)!;
      for (const reason of reasons)
        expect(faults.filter((fault) => fault.party === LIAR).map((fault) => fault.reason)).toContain(reason);
      const named = new Set(faults.map((fault) => fault.party));
      expect([...named].filter((each) => each !== LIAR && !besides.includes(each))).toEqual([]);
      expect(qualified.includes(LIAR)).toBe(!excluded);
      expect(lock.validators).toHaveLength(2);
    }
  });
});

describe('floods and oversize', () => {
  it('a flood is cut off and named', async () => {
    const noise: Lie = (message) => Array.from({ length: 80 }, () => message);
    const played = play({ seed: 'flood', members, lies: new Map([[LIAR, noise]]) });
    await expectWhole(played);
    expect(played.results.get(1)!.faults).toContainEqual({ party: LIAR, reason: 'flooded', excluded: false });
  });

  it('an oversize message is not read', async () => {
    const big: Lie = (message) => [
      message,
      { kind: 'shares', shares: Array.from({ length: 4000 }, () => new Uint8Array(32)) },
    ];
    const played = play({ seed: 'big', members, lies: new Map([[LIAR, big]]) });
    await expectWhole(played);
    expect(played.results.get(3)!.faults.map(({ reason }) => reason)).toContain('malformed');
  });
});

describe('more liars than may be', () => {
  it('two dead of four: it ends in time, and says who', () => {
    const played = play({ seed: 'two dead', members, dead: [2, 4] });
    expect(played.deadlines).toBeLessThanOrEqual(plan.rounds);
    expect([...played.failures.keys()].sort()).toEqual([1, 3]);
    for (const { error, faults } of played.failures.values()) {
      expect(error.code).toBe('THRESHOLD_TOO_FEW_DEALERS');
      expect(faults.filter(({ excluded }) => excluded).map(({ party }) => party)).toEqual([2, 4]);
    }
  });

  it('two that sign no deposits: no lock, and both named', () => {
    const lie: Lie = about('confirm', (message) => [{ ...message, partials: message.partials.toReversed() }]);
    const played = play({ seed: 'two bad', members, lies: new Map([2, 3].map((party) => [party, lie])) });
    for (const party of [1, 4]) expect(played.failures.get(party)?.error.code).toBe('THRESHOLD_NOT_SIGNED');
    expect(played.failures.get(1)!.faults.map(({ party }) => party)).toEqual([2, 3]);
  });

  it('two that confirm nothing, two that seal nothing', () => {
    const mute = (kind: 'confirm' | 'seal'): Lie => about(kind, () => []);
    for (const [kind, code] of [
      ['confirm', 'THRESHOLD_NOT_CONFIRMED'],
      ['seal', 'THRESHOLD_NOT_SEALED'],
    ] as const) {
      const played = play({ seed: 'mute', members, lies: new Map([2, 3].map((party) => [party, mute(kind)])) });
      expect(played.failures.get(1)?.error.code).toBe(code);
      expect(played.failures.get(1)?.error.message).toContain('2: silent');
    }
  });
});

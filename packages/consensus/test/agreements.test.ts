import { slot } from '@holdfast/units';
import { describe, expect, it } from 'vitest';
import {
  Agreements,
  type AgreementsOptions,
  blameForFork,
  checkEvidence,
  decodeEvidence,
  encodeEnvelope,
  encodeEvidence,
  envelopeBytesMax,
  type InstanceId,
  NODES_MAX,
  roundEndMs,
  roundSchedule,
} from '../src/index.ts';
import { Timeline } from '../src/sim/Timeline.ts';
import {
  agreement,
  authenticatorOf,
  bytes,
  commitOf,
  deliver,
  INSTANCE,
  LOCK_HASH,
  leader,
  proposal,
  signed,
  VALUE_BYTES_MAX,
  verify,
} from './support/kit.ts';

const A = bytes('a');
const B = bytes('b');
const at = (value: number): InstanceId => ({ duty: 'attester', slot: slot(value) });

function agreements(self: number, options: Partial<AgreementsOptions> = {}, nodes = 4): Agreements {
  return new Agreements(
    {
      cluster: { lockHash: LOCK_HASH, nodes, self },
      authenticator: authenticatorOf(self),
      valueBytesMax: VALUE_BYTES_MAX,
      open: ({ duty }) =>
        duty === 'aggregator' ? undefined : { schedule: roundSchedule(duty, nodes), isValid: () => true },
      ...options,
    },
    slot(7),
  );
}

describe('all agreements of a node', () => {
  it('route bytes, count what is dropped and whose fault it was', () => {
    const node = agreements(leader(3));
    const from = leader(1);
    const good = encodeEnvelope(proposal(A));
    const open = () => node.receive(from, good)?.effects;
    expect(open()).toEqual([]);
    expect(node.size).toBe(1);
    expect(node.get(INSTANCE)?.round).toBe(1);
    const garbage: [Uint8Array, string][] = [
      [Uint8Array.of(9, 9, 9), 'malformed'],
      [new Uint8Array(envelopeBytesMax(4, VALUE_BYTES_MAX) + 1), 'oversize'],
      [encodeEnvelope({ ...proposal(A), lockHash: `0x${'a2'.repeat(32)}` as never }), 'wrongCluster'],
      [encodeEnvelope({ ...proposal(A), instance: at(4) }), 'stale'],
      [encodeEnvelope({ ...proposal(A), instance: at(9) }), 'future'],
      [encodeEnvelope({ ...proposal(A), instance: { duty: 'aggregator', slot: slot(7) } }), 'unknownInstance'],
      [encodeEnvelope({ ...commitOf(from, A), instance: at(8) }), 'badSignature'],
      [good, 'replayed'],
    ];
    for (const [given, reason] of garbage) {
      const before = node.score(from).points;
      node.receive(from, given);
      expect(node.score(from).dropped).toMatchObject({ [reason]: 1 });
      if (reason !== 'stale') expect(node.score(from).points).toBeGreaterThan(before);
    }
    expect(node.score(from).received).toBe(garbage.length + 1);
    expect(node.score(2)).toEqual({ points: 0, received: 0, dropped: {} });
    node.forgive(from);
    expect(node.score(from).points).toBe(0);
    expect(node.receive(99, good)).toBeUndefined();
  });

  it('forget what is over, and never open it again', () => {
    const node = agreements(0);
    node.start(at(7), A);
    node.start(at(8), A);
    expect(node.advance(slot(9))).toEqual([]);
    expect(node.advance(slot(10))).toEqual([at(7)]);
    expect(node.size).toBe(1);
    expect(node.give(at(7), { type: 'timeout', round: 1 }).effects).toEqual([]);
    expect(node.start(at(7), A).effects).toEqual([]);
    expect(node.size).toBe(1);
  });

  it('tell every instance of suspects, later ones too, and of peers that come back', () => {
    const node = agreements(leader(3));
    node.start(INSTANCE, A);
    node.suspect([leader(1)]);
    expect(node.get(INSTANCE)?.round).toBe(2);
    const next = at(8);
    node.suspect([(8 + 1 + 1) % 4]);
    node.start(next, A);
    expect(node.get(next)?.round).toBe(2);
    expect(node.reconnected(0).every(({ effects }) => effects.some(({ type }) => type === 'send'))).toBe(true);
  });

  it('take up an instance from disk when a message opens it', () => {
    const voted = agreement(leader(3));
    voted.step({ type: 'start' });
    const [persist] = deliver(voted, proposal(A));
    if (persist?.type !== 'persist') throw new Error('the vote was not persisted');
    const restore = { record: persist.record, values: () => persist.value?.bytes };
    const node = agreements(leader(3), {
      open: () => ({ schedule: roundSchedule('attester', 4), isValid: () => true, restore }),
    });
    node.receive(leader(2), encodeEnvelope(commitOf(leader(2), A)));
    const sent = node.start(INSTANCE, B).effects.filter(({ type }) => type === 'send');
    expect(sent).toMatchObject([
      { envelope: { message: { type: 'PREPARE', valueHash: proposal(A).message.valueHash } } },
    ]);
  });
});

it('stay out of an instance whose record is damaged: peers are not blamed, the duty is told', () => {
  const restore = { record: new Uint8Array(9), values: () => undefined };
  const node = agreements(leader(3), {
    open: () => ({ schedule: roundSchedule('attester', 4), isValid: () => true, restore }),
  });
  expect(node.receive(leader(1), encodeEnvelope(proposal(A)))).toBeUndefined();
  expect(node.score(leader(1)).points).toBe(0);
  for (let twice = 0; twice < 2; twice += 1)
    expect(() => node.start(INSTANCE, A)).toThrow(expect.objectContaining({ code: 'CONSENSUS_SNAPSHOT' }));
  expect(node.size).toBe(0);
  expect(node.advance(slot(20))).toEqual([INSTANCE]);
  expect(node.start(INSTANCE, A).effects).toEqual([]);
});

describe('evidence', () => {
  const first = signed('COMMIT', 2, 1, A);
  const second = signed('COMMIT', 2, 1, B);

  it('convinces whoever knows the cluster, after the wire too', () => {
    const [evidence] = blameForFork(LOCK_HASH, INSTANCE, [[first], [second]]);
    const read = decodeEvidence(encodeEvidence(evidence!));
    expect(read).toEqual(evidence);
    expect(read).toMatchObject({ kind: 'equivocation', culprit: 2 });
    expect(checkEvidence(read, verify)).toBe(true);
  });

  it('does not hold when anything of it is altered', () => {
    const [evidence] = blameForFork(LOCK_HASH, INSTANCE, [[first], [second]]);
    const altered = [
      { ...evidence!, culprit: 1 },
      { ...evidence!, kind: 'amnesia' as const },
      { ...evidence!, instance: at(8) },
      { ...evidence!, messages: [first, first] as const },
      { ...evidence!, messages: [first, { ...second, signature: first.signature }] as const },
    ];
    for (const each of altered) expect(checkEvidence(each, verify)).toBe(false);
    expect(() => decodeEvidence(encodeEvidence(altered[3]!))).toThrow('do not conflict');
  });

  it('names everyone who decided twice, and nobody else', () => {
    const proofs = [
      [0, 1, 2].map((node) => signed('COMMIT', node, 1, A)),
      [1, 2, 3].map((node) => signed('COMMIT', node, 1, B)),
    ] as const;
    expect(blameForFork(LOCK_HASH, INSTANCE, proofs).map(({ culprit }) => culprit)).toEqual([1, 2]);
  });
});

describe('the times of rounds', () => {
  it('go forward for every duty and size, and scale with the slot', () => {
    for (const duty of ['proposer', 'attester', 'aggregator', 'syncMessage', 'syncContribution'] as const) {
      for (let n = 1; n <= NODES_MAX; n += 1) {
        const schedule = roundSchedule(duty, n);
        for (let round = 1; round < 24; round += 1)
          expect(roundEndMs(schedule, round + 1)).toBeGreaterThan(roundEndMs(schedule, round, true));
        expect(roundEndMs(roundSchedule(duty, n, 6000), 3)).toBeCloseTo(roundEndMs(schedule, 3) / 2);
      }
    }
    expect(roundEndMs(roundSchedule('attester', 4, 12_000, 3000), 1)).toBe(4000);
  });

  it.each([4, 7, 10, 13])('decide a proposal by 3 s with the first f leaders dead and unsuspected, n = %i', (nodes) => {
    expect(decisionTime(nodes)).toBeLessThanOrEqual(3000);
  });
});

/** When the last honest node decides a proposal: f silent leaders, 60 ms a message, blocks ready 1.4 s into the slot. */
function decisionTime(nodes: number): number {
  const instance: InstanceId = { duty: 'proposer', slot: slot(7) };
  const dead = Array.from({ length: Math.floor((nodes - 1) / 3) }, (_, index) => (7 + 2 + 1 + index) % nodes);
  const timeline = new Timeline();
  const all = Array.from({ length: nodes }, (_, self) => agreements(self, {}, nodes));
  let decided = 0;
  const perform = (self: number, outcome: ReturnType<Agreements['receive']>): void => {
    if (dead.includes(self)) return;
    for (const effect of outcome?.effects ?? []) {
      if (effect.type === 'decided') decided += 1;
      if (effect.type === 'timer')
        timeline.at(effect.atMs, () =>
          perform(self, all[self]!.give(instance, { type: 'timeout', round: effect.round })),
        );
      if (effect.type !== 'send') continue;
      const sent = encodeEnvelope(effect.envelope);
      for (const to of effect.to) timeline.at(timeline.now + 60, () => perform(to, all[to]!.receive(self, sent)));
    }
  };
  for (const [self, node] of all.entries()) {
    perform(self, node.start(instance));
    timeline.at(1400, () => perform(self, node.give(instance, { type: 'value', value: A })));
  }
  while (decided < nodes - dead.length && timeline.step(60_000));
  return timeline.now;
}

import { describe, expect, it } from 'vitest';
import { type Agreement, type Effect, ROUND_MAX, roundEndMs, roundSchedule } from '../src/index.ts';
import { Ballot } from '../src/machine/Ballot.ts';
import {
  agreement,
  bytes,
  changeOf,
  commitOf,
  decisionOf,
  deliver,
  envelope,
  leader,
  NO_VALUE,
  prepareOf,
  proposal,
  reasons,
  sentBy,
  settle,
  signed,
  timerOf,
  typesSent,
} from './support/kit.ts';

const A = bytes('a');
const B = bytes('b');
const FOLLOWER = leader(3);
const follower = (): Agreement => {
  const node = agreement(FOLLOWER);
  node.step({ type: 'start', value: B });
  return node;
};
const others = (self: number) => [0, 1, 2, 3].filter((node) => node !== self);

describe('a round', () => {
  it('decides in three steps, and everybody the same', () => {
    const nodes = [0, 1, 2, 3].map((self) => agreement(self));
    const started = nodes.flatMap((node, self) => node.step({ type: 'start', value: bytes(`of ${self}`) }));
    const effects = settle(nodes, started);
    const decisions = nodes.map((node) => node.decision);
    for (const decision of decisions) {
      expect(Buffer.from(decision!.value).toString()).toBe(`of ${leader(1)}`);
      expect(decision!.proof).toHaveLength(3);
      expect(decision!.round).toBe(1);
    }
    expect(effects.filter(({ type }) => type === 'decided')).toHaveLength(4);
    expect(typesSent(effects).filter((type) => type === 'ROUND-CHANGE' || type === 'DECIDED')).toEqual([]);
  });

  it('is decided alone by a cluster of one', () => {
    const node = agreement(0, { nodes: 1 });
    expect(decisionOf(node.step({ type: 'start', value: A }))?.round).toBe(1);
  });

  it('waits for a leader whose value comes late', () => {
    const nodes = [0, 1, 2, 3].map((self) => agreement(self));
    expect(
      settle(
        nodes,
        nodes.flatMap((node) => node.step({ type: 'start' })),
      ).every(({ type }) => type === 'timer'),
    ).toBe(true);
    settle(nodes, nodes[leader(1)]!.step({ type: 'value', value: A }));
    expect(nodes.map((node) => node.decision?.round)).toEqual([1, 1, 1, 1]);
  });

  it('writes a vote down before it sends it, the value with it', () => {
    const node = follower();
    const effects = deliver(node, proposal(A));
    expect(effects.map(({ type }) => type)).toEqual(['persist', 'send', 'timer']);
    expect(effects[0]).toMatchObject({ value: { bytes: A } });
    expect(sentBy(effects)[0]!.envelope.justification).toEqual([proposal(A).message]);
  });

  it('hears what comes before the start, and votes only from then on', () => {
    const node = agreement(FOLLOWER);
    expect(deliver(node, proposal(A))).toEqual([]);
    for (const peer of others(FOLLOWER)) expect(deliver(node, prepareOf(peer, A))).toEqual([]);
    expect(typesSent(node.step({ type: 'start' }))).toEqual(['PREPARE', 'COMMIT']);
  });

  it('does not prepare what external validity refuses, until it is asked again', () => {
    let isFit = false;
    const node = agreement(FOLLOWER, { isValid: () => isFit });
    node.step({ type: 'start' });
    expect(reasons(deliver(node, proposal(A)))).toEqual(['invalidValue']);
    isFit = true;
    expect(node.step({ type: 'timeout', round: 9 })).toEqual([]);
    expect(typesSent(node.step({ type: 'recheck' }))).toEqual(['PREPARE']);
  });
});

describe('late decisions', () => {
  it('are taken from COMMITs of a round that is over', () => {
    const node = follower();
    deliver(node, proposal(A));
    node.step({ type: 'timeout', round: 1 });
    expect(node.round).toBe(2);
    for (const peer of others(FOLLOWER).slice(0, 2)) deliver(node, commitOf(peer, A));
    expect(decisionOf(deliver(node, commitOf(others(FOLLOWER)[2]!, A)))).toMatchObject({ round: 1, value: A });
  });

  it('are taken from a certificate, before the start even', () => {
    const node = agreement(FOLLOWER);
    const commits = others(FOLLOWER).map((peer) => signed('COMMIT', peer, 4, A));
    const decided = envelope(signed('DECIDED', commits[0]!.sender, 4, A), commits, A);
    expect(decisionOf(deliver(node, decided))).toMatchObject({ round: 4, value: A });
    expect(reasons(deliver(node, decided))).toEqual(['replayed']);
  });

  it('are asked for when the value is missing, and answered with it', () => {
    const nodes = [0, 1, 2, 3].map((self) => agreement(self));
    const isKeptFrom = (to: number, { message }: { message: { type: string } }) =>
      to === FOLLOWER && message.type === 'PRE-PREPARE';
    const started = nodes.flatMap((node, self) => node.step({ type: 'start', value: bytes(`of ${self}`) }));
    const effects = settle(nodes, started, isKeptFrom);
    expect(typesSent(effects)).toContain('DECIDED');
    expect(nodes[FOLLOWER]!.decision).toMatchObject({ round: 1 });
  });

  it('are told once more to a peer that comes back', () => {
    const node = agreement(0, { nodes: 1 });
    node.step({ type: 'start', value: A });
    const [told] = sentBy(node.step({ type: 'resend', to: 0 }));
    expect(told!.envelope).toMatchObject({ message: { type: 'DECIDED' }, value: A });
  });
});

describe('changes of rounds', () => {
  it('end at fixed times after the slot began', () => {
    const schedule = roundSchedule('attester', 4);
    const node = agreement(FOLLOWER);
    expect(timerOf(node.step({ type: 'start' }))).toEqual({ type: 'timer', round: 1, atMs: 5000 });
    expect(timerOf(deliver(node, proposal(A)))).toEqual({ type: 'timer', round: 1, atMs: 5250 });
    const changed = node.step({ type: 'timeout', round: 1 });
    expect(timerOf(changed)).toEqual({ type: 'timer', round: 2, atMs: roundEndMs(schedule, 2) });
    expect(node.step({ type: 'timeout', round: 1 })).toEqual([]);
  });

  it('take a node along when f + 1 are ahead, as far as one honest is', () => {
    const node = follower();
    const [first, second] = others(FOLLOWER) as [number, number];
    expect(deliver(node, changeOf(first, 6))).toEqual([]);
    expect(typesSent(deliver(node, changeOf(second, 4)))).toEqual(['ROUND-CHANGE']);
    expect(node.round).toBe(4);
  });

  it('never go past the last round', () => {
    const node = follower();
    for (let round = 1; round <= ROUND_MAX + 3; round += 1) node.step({ type: 'timeout', round });
    expect(node.round).toBe(ROUND_MAX);
  });

  it('pass over a leader that is known to be dead, but not over more than f', () => {
    const dead = leader(1);
    const node = agreement(FOLLOWER);
    node.step({ type: 'suspect', nodes: [dead, leader(2)] });
    node.step({ type: 'start' });
    expect(node.round).toBe(1);
    expect(typesSent(node.step({ type: 'suspect', nodes: [dead] }))).toEqual(['ROUND-CHANGE']);
    expect(node.round).toBe(2);
  });

  it('decide at once when everyone knows that the first leader is dead', () => {
    const dead = leader(1);
    const nodes = [0, 1, 2, 3].map((self) => (self === dead ? undefined : agreement(self)));
    for (const node of nodes) node?.step({ type: 'suspect', nodes: [dead] });
    settle(
      nodes,
      nodes.flatMap((node) => node?.step({ type: 'start', value: A }) ?? []),
    );
    for (const node of nodes) if (node) expect(node.decision?.round).toBe(2);
  });

  it('propose the prepared value once more, its bytes sent to the new leader alone', () => {
    const node = follower();
    deliver(node, proposal(A));
    for (const peer of others(FOLLOWER)) deliver(node, prepareOf(peer, A));
    const changed = sentBy(node.step({ type: 'timeout', round: 1 }));
    expect(changed.map(({ to, envelope }) => [to, envelope.value])).toEqual([
      [others(FOLLOWER).filter((peer) => peer !== leader(2)), undefined],
      [[leader(2)], A],
    ]);
    expect(changed[0]!.envelope.message).toMatchObject({ preparedRound: 1 });
    const next = agreement(leader(2));
    next.step({ type: 'start', value: B });
    next.step({ type: 'timeout', round: 1 });
    deliver(next, changed[1]!.envelope);
    const proposed = sentBy(deliver(next, changeOf(leader(1), 2)))[0]!.envelope;
    expect(proposed).toMatchObject({ message: { type: 'PRE-PREPARE', round: 2 }, value: A });
    // And a leader that proposes something else after that is not followed.
    const third = agreement(leader(4));
    third.step({ type: 'start' });
    const other = envelope(signed('PRE-PREPARE', leader(2), 2, B), proposed.justification, B);
    expect(reasons(deliver(third, other))).toEqual(['unjustified']);
    expect(typesSent(deliver(third, proposed))).toEqual(['PREPARE']);
  });
});

it('the ballot refuses whatever would contradict it, behind all rules', () => {
  const ballot = new Ballot();
  const vote = (round: number, value: Uint8Array) => signed('COMMIT', 0, round, value);
  ballot.round = 2;
  expect(ballot.allows(vote(1, A))).toBe(false);
  expect(ballot.allows(vote(3, A))).toBe(false);
  expect(ballot.allows(vote(2, A))).toBe(true);
  ballot.cast(vote(2, A));
  expect(ballot.allows(vote(2, A))).toBe(true);
  expect(ballot.allows(vote(2, B))).toBe(false);
  ballot.round = 1;
  expect(ballot.allows(vote(1, A))).toBe(false);
});

describe('a crash', () => {
  /** What a node has on disk after the effects that were done. */
  const diskOf = (effects: readonly Effect[]) => {
    const writes = effects.filter((effect) => effect.type === 'persist');
    const values = new Map(writes.flatMap(({ value }) => (value ? [[value.hash, value.bytes] as const] : [])));
    return { record: writes.at(-1)!.record, values: (hash: `0x${string}`) => values.get(hash as never) };
  };

  it('is survived with the vote of the round: it is said once more, and no other', () => {
    const restore = diskOf(deliver(follower(), proposal(A)));
    const back = agreement(FOLLOWER, { restore });
    const effects = back.step({ type: 'start', value: B });
    expect(typesSent(effects)).toEqual(['PREPARE']);
    expect(sentBy(effects)[0]!.envelope).toEqual(sentBy(deliver(follower(), proposal(A)))[0]!.envelope);
    expect(typesSent(deliver(back, proposal(B)))).toEqual([]);
    for (const peer of others(FOLLOWER)) deliver(back, prepareOf(peer, A));
    expect(typesSent(back.step({ type: 'resend', to: 0 }))).toEqual(['PREPARE', 'COMMIT']);
  });

  it('is survived with the lock', () => {
    const node = follower();
    const effects = [
      deliver(node, proposal(A)),
      ...others(FOLLOWER).map((peer) => deliver(node, prepareOf(peer, A))),
    ].flat();
    const back = agreement(FOLLOWER, { restore: diskOf(effects) });
    back.step({ type: 'start' });
    const [change] = sentBy(back.step({ type: 'timeout', round: 1 }));
    expect(change!.envelope.message).toMatchObject({ type: 'ROUND-CHANGE', round: 2, preparedRound: 1 });
    expect(change!.envelope.justification).toHaveLength(3);
  });

  it('is not survived with the record of something else', () => {
    const { record, values } = diskOf(deliver(follower(), proposal(A)));
    const wrong = (bytes: Uint8Array) => () => agreement(FOLLOWER, { restore: { record: bytes, values } });
    expect(wrong(record)).not.toThrow();
    for (const at of [0, 5, 33, 40, record.length - 1]) {
      const altered = record.slice(0, at === record.length - 1 ? at : undefined);
      if (at < altered.length) altered[at]! ^= 1;
      expect(wrong(altered)).toThrow(expect.objectContaining({ code: 'CONSENSUS_SNAPSHOT' }));
    }
  });

  it('leaves the round where it was', () => {
    const node = follower();
    const restore = diskOf(node.step({ type: 'timeout', round: 1 }));
    const back = agreement(FOLLOWER, { restore });
    expect(typesSent(back.step({ type: 'start' }))).toEqual(['ROUND-CHANGE']);
    expect(back.round).toBe(2);
    expect(reasons(deliver(back, proposal(A)))).toEqual(['stale']);
    expect(signed('ROUND-CHANGE', FOLLOWER, 2, NO_VALUE).preparedRound).toBe(0);
  });
});

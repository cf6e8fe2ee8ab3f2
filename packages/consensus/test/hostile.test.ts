import { describe, expect, it } from 'vitest';
import { type Agreement, type Authenticator, type Effect, type Envelope, ROUND_MAX, simulate } from '../src/index.ts';
import { Random } from '../src/sim/Random.ts';
import {
  agreement,
  authenticatorOf,
  bytes,
  changeOf,
  commitOf,
  deliver,
  envelope,
  leader,
  NO_VALUE,
  prepareOf,
  proposal,
  reasons,
  signed,
  typesSent,
  VALUE_BYTES_MAX,
  verify,
} from './support/kit.ts';

const A = bytes('a');
const B = bytes('b');
const SELF = leader(3);
const PEER = leader(2);
const started = (): Agreement => {
  const node = agreement(SELF);
  node.step({ type: 'start' });
  return node;
};
const isLarge = new Uint8Array(VALUE_BYTES_MAX + 1);
const times = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);

describe('what is not taken', () => {
  const L = leader(1);
  const commits = [0, 1, 2].map((node) => signed('COMMIT', node, 1, A));
  const prepares = [0, 1, 2].map((node) => signed('PREPARE', node, 1, A));
  const changes = (round: number) => [0, 1, 2].map((node) => signed('ROUND-CHANGE', node, round, NO_VALUE));
  const badly = (message: ReturnType<typeof signed>) => ({ ...message, signature: new Uint8Array(8) });
  const L2 = leader(2);

  it.each<[string, string, Envelope, number?]>([
    ['another lock', 'wrongCluster', { ...proposal(A), lockHash: NO_VALUE }],
    ['another slot', 'unknownInstance', { ...proposal(A), instance: { duty: 'attester', slot: 8 as never } }],
    ['another name', 'impersonation', commitOf(PEER, A), (PEER + 1) % 4],
    ["this node's own name", 'impersonation', commitOf(SELF, A), SELF],
    ['a stranger', 'malformed', commitOf(9, A), 9],
    ['a bad signature', 'badSignature', envelope(badly(signed('COMMIT', PEER, 1, A)))],
    ['a proposal of no leader', 'unjustified', envelope(signed('PRE-PREPARE', PEER, 1, A), [], A), PEER],
    ['a proposal without its value', 'malformed', envelope(signed('PRE-PREPARE', L, 1, A))],
    ['a proposal of another value', 'wrongValue', envelope(signed('PRE-PREPARE', L, 1, A), [], B)],
    ['a value that is too large', 'oversize', envelope(signed('PRE-PREPARE', L, 1, isLarge), [], isLarge)],
    ['a justification that is too long', 'oversize', envelope(signed('DECIDED', PEER, 1, A), times(9, commits[0]!), A)],
    ['a value with a vote', 'malformed', { ...commitOf(PEER, A), value: A }],
    ['a COMMIT with a justification', 'unjustified', envelope(signed('COMMIT', PEER, 1, A), commits)],
    ['a PREPARE without the proposal', 'unjustified', envelope(signed('PREPARE', PEER, 1, A))],
    [
      'a PREPARE with another proposal',
      'unjustified',
      envelope(signed('PREPARE', PEER, 1, A), [signed('PRE-PREPARE', L, 1, B)]),
    ],
    ['a late proposal without changes', 'unjustified', envelope(signed('PRE-PREPARE', L2, 2, A), [], A)],
    ['one with too few', 'unjustified', envelope(signed('PRE-PREPARE', L2, 2, A), changes(2).slice(1), A)],
    [
      'one with the changes of one node',
      'unjustified',
      envelope(signed('PRE-PREPARE', L2, 2, A), times(3, changes(2)[0]!), A),
    ],
    ['one with changes to another round', 'unjustified', envelope(signed('PRE-PREPARE', L2, 2, A), changes(3), A)],
    [
      'one with a forged change',
      'badSignature',
      envelope(signed('PRE-PREPARE', L2, 2, A), [...changes(2).slice(1), badly(changes(2)[0]!)], A),
    ],
    ['a first proposal with changes', 'unjustified', envelope(signed('PRE-PREPARE', L, 1, A), changes(2), A)],
    ['a change to the first round', 'unjustified', changeOf(PEER, 1)],
    [
      'a change that claims too much',
      'unjustified',
      envelope(signed('ROUND-CHANGE', PEER, 2, A, 1), prepares.slice(1)),
    ],
    [
      'a change with votes of one node',
      'unjustified',
      envelope(signed('ROUND-CHANGE', PEER, 2, A, 1), times(3, prepares[0]!)),
    ],
    ['a change with votes for another value', 'unjustified', envelope(signed('ROUND-CHANGE', PEER, 2, B, 1), prepares)],
    ['a decision of too few', 'unjustified', envelope(signed('DECIDED', PEER, 1, A), commits.slice(1), A)],
    ['a decision of one node', 'unjustified', envelope(signed('DECIDED', PEER, 1, A), times(3, commits[0]!), A)],
    ['a decision by PREPAREs', 'unjustified', envelope(signed('DECIDED', PEER, 1, A), prepares, A)],
    [
      'a decision with a forged vote',
      'badSignature',
      envelope(signed('DECIDED', PEER, 1, A), [...commits.slice(1), badly(commits[0]!)], A),
    ],
  ])('%s: %s', (_name, reason, sent, from = sent.message.sender) => {
    const node = started();
    const effects = node.step({ type: 'message', from, envelope: sent });
    expect(effects).toEqual([{ type: 'dropped', from, reason }]);
    expect(node.held.messages).toBe(0);
  });

  it('what would be taken with nothing changed', () => {
    expect(typesSent(deliver(started(), envelope(signed('PRE-PREPARE', L2, 2, A), changes(2), A)))).toEqual([
      'PREPARE',
    ]);
    expect(deliver(started(), envelope(signed('ROUND-CHANGE', PEER, 2, A, 1), prepares))).toEqual([]);
    expect(deliver(started(), envelope(signed('DECIDED', PEER, 1, A), commits, A))[0]).toMatchObject({
      type: 'decided',
    });
  });

  it('the same twice', () => {
    const node = started();
    expect(reasons(deliver(node, commitOf(PEER, A)))).toEqual([]);
    expect(reasons(deliver(node, commitOf(PEER, A)))).toEqual(['replayed']);
  });
});

describe('traitors are named', () => {
  const accusations = (effects: readonly Effect[]) =>
    effects.flatMap((effect) =>
      effect.type === 'accused' ? [`${effect.evidence.kind} ${effect.evidence.culprit}`] : [],
    );

  it('who votes twice, once and for all', () => {
    const node = started();
    deliver(node, commitOf(PEER, A));
    const effects = deliver(node, commitOf(PEER, B));
    expect(accusations(effects)).toEqual([`equivocation ${PEER}`]);
    expect(reasons(effects)).toEqual(['equivocation']);
    expect(accusations(deliver(node, commitOf(PEER, bytes('c'))))).toEqual([]);
  });

  it('a leader that told others something else, by what they quote', () => {
    const node = started();
    deliver(node, proposal(A));
    expect(accusations(deliver(node, prepareOf(PEER, B)))).toEqual([`equivocation ${leader(1)}`]);
  });

  it('who commits to what it did not prepare, and who forgets what it committed to', () => {
    const node = started();
    deliver(node, prepareOf(PEER, A));
    expect(accusations(deliver(node, commitOf(PEER, B)))).toEqual([`contradiction ${PEER}`]);
    expect(accusations(deliver(node, changeOf(PEER, 3)))).toEqual([`amnesia ${PEER}`]);
    const other = started();
    deliver(other, changeOf(PEER, 3));
    expect(accusations(deliver(other, commitOf(PEER, A, 2)))).toEqual([`amnesia ${PEER}`]);
    expect(accusations(deliver(started(), commitOf(PEER, A, 3)))).toEqual([]);
  });

  it('who says something else than in a vote that was not needed', () => {
    const verified: number[] = [];
    const counting: Authenticator = {
      ...authenticatorOf(SELF),
      verify: (sender, ...rest) => {
        verified.push(sender);
        return verify(sender, ...rest);
      },
    };
    const [first, second, third] = [0, 1, 2, 3].filter((node) => node !== SELF) as [number, number, number];
    const decided = () => {
      const node = agreement(SELF, { authenticator: counting });
      node.step({ type: 'start' });
      deliver(node, proposal(A));
      for (const peer of [first, second]) deliver(node, prepareOf(peer, A));
      for (const peer of [first, second]) deliver(node, commitOf(peer, A));
      expect(node.decision).toBeDefined();
      verified.length = 0;
      return node;
    };
    const node = decided();
    expect(reasons(deliver(node, commitOf(third, A)))).toEqual(['stale']);
    expect(verified).toEqual([]);
    expect(accusations(deliver(node, commitOf(third, B)))).toEqual([`equivocation ${third}`]);
    // Nobody is named by what he has not signed.
    const other = decided();
    const { message } = commitOf(third, A);
    deliver(other, envelope({ ...message, signature: commitOf(first, A).message.signature }));
    expect(accusations(deliver(other, commitOf(third, B)))).toEqual([]);
  });

  it('a node that signs in this one’s name elsewhere', () => {
    const node = started();
    deliver(node, proposal(A));
    const quoted = [signed('COMMIT', SELF, 1, B), signed('COMMIT', PEER, 1, B), signed('COMMIT', leader(1), 1, B)];
    const effects = deliver(node, envelope(signed('DECIDED', PEER, 1, B), quoted, B));
    expect(accusations(effects)).toContain(`contradiction ${SELF}`);
  });
});

describe('more than f traitors', () => {
  const decided = (value: Uint8Array, nodes: readonly number[]) =>
    envelope(
      signed('DECIDED', PEER, 1, value),
      nodes.map((node) => signed('COMMIT', node, 1, value)),
      value,
    );

  it('are noticed: two decisions stop the node', () => {
    const node = started();
    deliver(node, decided(A, [0, 1, 2]));
    const second = { ...decided(B, [1, 2, 3]), message: signed('DECIDED', leader(1), 1, B) };
    const forked = deliver(node, second).find(({ type }) => type === 'forked');
    expect(forked).toMatchObject({
      proofs: [
        [{ sender: 0 }, { sender: 1 }, { sender: 2 }],
        [{ sender: 1 }, { sender: 2 }, { sender: 3 }],
      ],
    });
    expect(node.decision?.value).toEqual(A);
  });

  it('keep a node that learns of both before it knows a value from deciding', () => {
    const node = started();
    const { value: _, ...withoutValue } = decided(A, [0, 1, 2]);
    deliver(node, withoutValue);
    const second = { ...decided(B, [1, 2, 3]), message: signed('DECIDED', leader(1), 1, B) };
    expect(deliver(node, second).map(({ type }) => type)).toContain('forked');
    deliver(node, proposal(A));
    expect(node.decision).toBeUndefined();
  });

  it('are named when they break agreement', () => {
    const broken = Array.from({ length: 200 }, (_, index) =>
      simulate({ seed: 900_000 + index, nodes: 4, adversaries: ['equivocator', 'equivocator'] }),
    ).filter(({ violations }) => violations.some(({ check }) => check === 'agreement'));
    expect(broken.length).toBeGreaterThan(5);
    for (const { accused, adversaries, violations } of broken) {
      expect(accused).toEqual(adversaries.map(({ node }) => node).sort((a, b) => a - b));
      expect(violations.every(({ check }) => check === 'agreement')).toBe(true);
    }
  });
});

it('a flood is bounded in memory and in work, and costs the others nothing', () => {
  const seed = 4;
  const random = new Random(seed);
  const node = started();
  const count = { flood: 0, checked: 0 };
  for (let index = 0; index < 20_000; index += 1) {
    const round = random.between(1, ROUND_MAX);
    const value = bytes(`v${random.between(0, 5000)}`);
    const made = random.pick([
      () => commitOf(PEER, value, round),
      () => changeOf(PEER, Math.max(2, round)),
      // Of rounds that it leads itself: it cannot sign the proposals of others.
      () => prepareOf(PEER, value, 2 + 4 * random.between(0, 5)),
      () => envelope({ ...signed('COMMIT', PEER, round, value), signature: new Uint8Array(64) }),
    ]);
    const dropped = reasons(deliver(node, made()));
    if (dropped.includes('flood')) count.flood += 1;
    else if (!dropped.includes('replayed')) count.checked += 1;
  }
  expect(count.checked, `seed ${seed}`).toBeLessThanOrEqual(6 * ROUND_MAX);
  expect(count.flood).toBeGreaterThan(10_000);
  expect(node.held.messages).toBeLessThanOrEqual(4 * ROUND_MAX * 2);
  expect(node.held.valueBytes).toBe(0);
  // The honest three decide all the same.
  const honest = [0, 1, 2, 3].filter((each) => each !== PEER && each !== SELF);
  deliver(node, proposal(A));
  for (const peer of honest) deliver(node, prepareOf(peer, A));
  for (const peer of honest) deliver(node, commitOf(peer, A));
  expect(node.decision?.value).toEqual(A);
});

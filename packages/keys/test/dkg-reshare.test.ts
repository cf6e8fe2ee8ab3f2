import { beforeAll, describe, expect, it } from 'vitest';
import { verifySignature } from '../src/bls/bls.ts';
import { Ceremony } from '../src/dkg/ceremony.ts';
import type { NodeIdentity } from '../src/dkg/identity.ts';
import { type PreviousCluster, planCeremony } from '../src/dkg/plan.ts';
import { verifyLock } from '../src/lock/verify.ts';
import { type PartialSignature, partialSign } from '../src/threshold/partial.ts';
import { recoverSignature, recoverVerified } from '../src/threshold/recover.ts';
import type { Scalar } from '../src/threshold/scalar.ts';
import { type Lie, type Members, membersOf, type Played, play, successorOf } from './support/ceremony.ts';
import { all, flipped, says, withheldShares, wrongShares } from './support/liars.ts';
import { seededBytes } from './support/random.ts';

const root = seededBytes('root')(32);

interface Cluster {
  readonly members: Members;
  readonly verified: PreviousCluster;
  /** By identity. */
  readonly shares: ReadonlyMap<string, readonly Scalar[]>;
}

async function clusterOf(members: Members, played: Played): Promise<Cluster> {
  const [result] = played.results.values();
  const shares = [...played.results.values()].flatMap(({ index, shares: held }) =>
    index === undefined ? [] : [[members.identities[index - 1]!.publicKey, held] as const],
  );
  return {
    members,
    verified: await verifyLock(result!.lock, () => true),
    shares: new Map<string, readonly Scalar[]>(shares),
  };
}

async function found(names: readonly string[]): Promise<Cluster> {
  const members = membersOf(names);
  return clusterOf(members, play({ seed: `found ${names}`, members }));
}

interface Change {
  readonly dead?: readonly number[];
  readonly lies?: ReadonlyMap<number, Lie>;
  readonly threshold?: number;
}

/** Re-deals a cluster to `names`. Those of the old cluster that are not among them leave. */
function reshare(old: Cluster, names: readonly string[], { threshold, ...setting }: Change = {}): [Members, Played] {
  const members = successorOf(old.verified, names, threshold === undefined ? {} : { threshold });
  const staying = members.identities.map(({ publicKey }) => publicKey);
  const leaving: NodeIdentity[] = old.members.identities.filter(({ publicKey }) => !staying.includes(publicKey));
  const played = play({
    seed: `reshare ${names}`,
    members,
    previous: old.verified,
    oldShares: old.shares,
    leaving,
    ...setting,
  });
  return [members, played];
}

function partialOf(cluster: Cluster, index: number): PartialSignature {
  const share = cluster.shares.get(cluster.members.identities[index - 1]!.publicKey)![0]!;
  return { index, signature: partialSign(share, root) };
}

const pubkeysOf = ({ verified }: Cluster) => verified.lock.validators.map(({ pubkey }) => pubkey);

describe('resharing keeps the validators and changes every share', () => {
  let four: Cluster;
  beforeAll(async () => {
    four = await found(['a', 'b', 'c', 'd']);
  });

  const shapes: readonly [string, readonly string[], number | undefined][] = [
    ['the same four', ['a', 'b', 'c', 'd'], undefined],
    ['one replaced', ['a', 'b', 'c', 'x'], undefined],
    ['one replaced, the others in another order', ['x', 'c', 'a', 'b'], undefined],
    ['all replaced', ['w', 'x', 'y', 'z'], undefined],
    ['three more', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], undefined],
    ['one less', ['a', 'c', 'd'], undefined],
    ['one alone', ['b'], undefined],
    ['another threshold', ['a', 'b', 'c', 'd'], 4],
    ['more nodes and another threshold', ['a', 'b', 'c', 'd', 'e'], 3],
  ];

  it.each(shapes)('%s', async (_name, names, threshold) => {
    const [members, played] = reshare(four, names, threshold === undefined ? {} : { threshold });
    expect(played.deadlines).toBe(0);
    expect(played.failures.size).toBe(0);
    const next = await clusterOf(members, played);
    expect(pubkeysOf(next)).toEqual(pubkeysOf(four));
    expect(next.verified.lock.definition).toMatchObject({
      generation: 1,
      previousLockHash: four.verified.lock.lockHash,
    });
    expect(next.verified.lock.validators[0]!.deposits).toEqual(four.verified.lock.validators[0]!.deposits);
    const t = next.verified.scheme.threshold;
    const set = Array.from({ length: t }, (_, i) => partialOf(next, names.length - i));
    const signature = recoverSignature(next.verified.scheme, set);
    expect(verifySignature(pubkeysOf(four)[0]!, root, signature)).toBe(true);
    const shares = [...next.shares.values()].map(([first]) => Buffer.from(first!).toString('hex'));
    for (const [first] of four.shares.values()) expect(shares).not.toContain(Buffer.from(first!).toString('hex'));
  });

  it('those that leave end with the new lock and no share', () => {
    const [, played] = reshare(four, ['a', 'b', 'c', 'x']);
    const leaver = played.results.get(5)!;
    expect(leaver.index).toBeUndefined();
    expect(leaver.shares).toEqual([]);
    expect(leaver.lock).toEqual(played.results.get(1)!.lock);
  });

  it('old shares are of no use with new ones, nor new with old', async () => {
    const [members, played] = reshare(four, ['a', 'b', 'c', 'x']);
    const next = await clusterOf(members, played);
    const { scheme, keys } = next.verified;
    const pubkey = pubkeysOf(four)[0]!;
    for (let mixed = 1; mixed < 8 - 1; mixed += 1) {
      // Bit i of `mixed`: whether signer i + 1 uses its old share.
      const partials = [1, 2, 3].map((index) => partialOf((mixed >> (index - 1)) & 1 ? four : next, index));
      expect(verifySignature(pubkey, root, recoverSignature(scheme, partials))).toBe(false);
    }
    // The cluster itself takes an old share for a lie, and signs without it.
    const { signature, culprits } = recoverVerified(keys[0]!, root, [
      partialOf(four, 1),
      ...[2, 3, 4].map((i) => partialOf(next, i)),
    ]);
    expect(culprits).toEqual([1]);
    expect(verifySignature(pubkey, root, signature!)).toBe(true);
    // Old ones among themselves go on being a key, while t of them exist: that is why they are to be deleted.
    const old = recoverSignature(
      four.verified.scheme,
      [1, 2, 3].map((index) => partialOf(four, index)),
    );
    expect(verifySignature(pubkey, root, old)).toBe(true);
  });

  it('twice in a row', async () => {
    const [first, playedFirst] = reshare(four, ['a', 'b', 'c', 'x']);
    const second = await clusterOf(first, playedFirst);
    const [members, played] = reshare(second, ['x', 'y', 'b', 'c', 'a', 'p', 'q']);
    const third = await clusterOf(members, played);
    expect(pubkeysOf(third)).toEqual(pubkeysOf(four));
    expect(third.verified.lock.definition.generation).toBe(2);
    const partials = [1, 3, 4, 6, 7].map((index) => partialOf(third, index));
    expect(verifySignature(pubkeysOf(four)[0]!, root, recoverSignature(third.verified.scheme, partials))).toBe(true);
  });
});

describe('resharing with liars and losses', () => {
  let four: Cluster;
  beforeAll(async () => {
    four = await found(['a', 'b', 'c', 'd']);
  });
  // Parties: a, b, c, x = 1…4 and the leaving d = 5.
  const names = ['a', 'b', 'c', 'x'];

  async function expectKept(change: Change, honest: readonly number[]): Promise<Played> {
    const [members, played] = reshare(four, names, change);
    for (const party of honest) expect(played.failures.get(party)?.error.message).toBeUndefined();
    const locks = honest.map((party) => played.results.get(party)!.lock.lockHash);
    expect(new Set(locks).size).toBe(1);
    const holders = honest.filter((party) => party <= 4);
    const { lock } = played.results.get(holders[0]!)!;
    const { scheme } = await verifyLock(lock, () => true);
    expect(lock.validators.map(({ pubkey }) => pubkey)).toEqual(pubkeysOf(four));
    const partials = holders.slice(0, 3).map((index) => {
      return { index, signature: partialSign(played.results.get(index)!.shares[0]!, root) };
    });
    expect(verifySignature(lock.validators[0]!.pubkey, root, recoverSignature(scheme, partials))).toBe(true);
    expect(members.definition.operators).toHaveLength(4);
    return played;
  }

  it('the lost node is dead: it is replaced without it', async () => {
    const played = await expectKept({ dead: [5] }, [1, 2, 3, 4]);
    expect(played.results.get(1)!.faults).toContainEqual({ party: 5, reason: 'silent', excluded: true });
    expect(played.results.get(1)!.qualified).toEqual([1, 2, 3]);
  });

  it('a dealer deals another secret than its share', async () => {
    const members = successorOf(four.verified, names);
    // Its dealings of the two validators, exchanged: good commitments, but not to what it holds.
    const lie = says({ members, previous: four.verified }, members.identities[1]!, 'deal', (payload) => {
      return new Uint8Array([...payload.slice(payload.length / 2), ...payload.slice(0, payload.length / 2)]);
    });
    const played = await expectKept({ lies: new Map([[2, lie]]) }, [1, 3, 4, 5]);
    for (const party of [1, 3, 4, 5]) {
      const { faults, qualified } = played.results.get(party)!;
      expect(faults).toContainEqual({ party: 2, reason: 'bad-dealing', excluded: true });
      expect(qualified).toEqual([1, 3, 5]);
    }
  });

  it('a node with wrong old shares is told before it begins', () => {
    const members = successorOf(four.verified, names);
    const plan = planCeremony(members.definition, four.verified);
    const identity = members.identities[1]!;
    const oldShares = four.shares.get(identity.publicKey)!;
    const begin = (shares?: readonly Scalar[]) => {
      const config = { plan, operatorSignatures: [], identity, random: seededBytes('old') };
      return new Ceremony(shares ? { ...config, oldShares: shares } : config);
    };
    expect(begin(oldShares).self).toBe(2);
    const refused = expect.objectContaining({ code: 'THRESHOLD_WRONG_SHARE' });
    expect(() => begin(oldShares.toReversed())).toThrow(refused);
    expect(() => begin(oldShares.with(1, new Uint8Array(32)))).toThrow(refused);
    expect(() => begin(oldShares.slice(1))).toThrow(expect.objectContaining({ code: 'THRESHOLD_PLAN' }));
    expect(() => begin()).toThrow(expect.objectContaining({ code: 'THRESHOLD_PLAN' }));
  });

  it.each([
    ['wrong shares for many', wrongShares([1, 3, 4]), 'too-many-complaints'],
    ['no shares for many', withheldShares([1, 3, 4]), 'too-many-complaints'],
    ['nothing', () => [], 'silent'],
  ] as const)('a dealer deals %s', async (_name, lie, reason) => {
    const played = await expectKept({ lies: new Map([[2, lie as Lie]]) }, [1, 3, 4, 5]);
    expect(played.results.get(3)!.faults).toContainEqual({ party: 2, reason, excluded: true });
  });

  it('a dealer equivocates, a newcomer complains without reason', async () => {
    const members = successorOf(four.verified, names);
    const setting = { members, previous: four.verified };
    const lies = new Map([
      [3, says(setting, members.identities[2]!, 'deal', (payload, to) => flipped(payload, 30 + to))],
      [4, all(says(setting, members.identities[3]!, 'complain', () => Uint8Array.of(1, 0, 1, 0, 0)))],
    ]);
    const [, played] = reshare(four, names, { lies });
    for (const party of [1, 2, 5]) {
      const { faults, qualified } = played.results.get(party)!;
      expect(faults).toContainEqual({ party: 3, reason: 'equivocated', excluded: true });
      expect(faults.map((fault) => `${fault.party} ${fault.reason}`)).toContain('4 disputed');
      expect(qualified).toEqual([1, 2, 5]);
    }
  });

  it('with fewer than t old dealers there is no way', () => {
    const [, played] = reshare(four, names, { dead: [2, 5] });
    for (const party of [1, 3, 4]) expect(played.failures.get(party)?.error.code).toBe('THRESHOLD_TOO_FEW_DEALERS');
  });
});

describe('a successor must succeed', () => {
  it.each([
    ['validators', { validators: 3 }],
    ['generation', { generation: 0 }],
    ['generation', { generation: 2 }],
    ['previousLockHash', { previousLockHash: `0x${'11'.repeat(32)}` as never }],
    ['withdrawalCredentials', { withdrawalCredentials: `0x${'22'.repeat(32)}` as never }],
    ['depositAmounts', { depositAmounts: ['2000000000'] }],
  ] as const)('another %s is refused', async (field, changes) => {
    const old = await found(['a', 'b', 'c', 'd']);
    const { definition } = successorOf(old.verified, ['a', 'b', 'c', 'x'], changes);
    expect(() => planCeremony(definition, old.verified)).toThrow(
      expect.objectContaining({ code: 'THRESHOLD_PLAN', data: { fields: [field] } }),
    );
  });
});

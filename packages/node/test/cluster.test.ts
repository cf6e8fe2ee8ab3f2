import { leaderOf } from '@holdfast/consensus';
import { verifySignature } from '@holdfast/keys';
import { slot as asSlot, toHex } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import type { SigningTask } from '../src/duties/ports.ts';
import { type TestCluster, testChain, testCluster } from './cluster-kit.ts';

let cluster: TestCluster | undefined;
afterEach(() => cluster?.close());
const never = new AbortController().signal;

/** One duty as every node does it: agree on a value, sign it. */
async function duty({ nodes, pubkey }: TestCluster, slot: number, check: (value: Uint8Array) => void = () => {}) {
  const deadlineMs = Date.now() + 15_000;
  return Promise.all(
    nodes.map(async (node, at) => {
      if (!node) return null;
      node.advance(slot);
      const propose = async (): Promise<Uint8Array> => new Uint8Array(32).fill(10 + at);
      const value = await node.agree({ duty: 'attester', slot, propose, check, deadlineMs }, never);
      const task: SigningTask = {
        pubkey,
        slot,
        signingRoot: value,
        request: { type: 'ATTESTATION', signingRoot: toHex(value) },
      };
      const [signature] = await node.sign([task], deadlineMs, never);
      return { value, signature: signature! };
    }),
  ).then((results) => results.filter((result) => result !== null));
}

const same = (results: readonly { value: Uint8Array }[]): boolean =>
  new Set(results.map(({ value }) => toHex(value))).size === 1;

describe('a cluster of four over real links', () => {
  it('agrees on one value and signs it with the whole key, whoever proposed', async () => {
    cluster = await testCluster(4, testChain(12_000));
    await cluster.connected();
    for (const slot of [0, 1, 2, 3]) {
      const results = await duty(cluster, slot);
      expect(results).toHaveLength(4);
      expect(same(results)).toBe(true);
      for (const { value, signature } of results) {
        expect(verifySignature(cluster.pubkey, value, signature)).toBe(true);
      }
    }
    expect(new Set(cluster.decidedRounds)).toEqual(new Set([1]));
  });

  it('does every duty with one node dead, whoever leads, and takes it back', async () => {
    cluster = await testCluster(4, testChain(2000));
    await cluster.connected();
    await cluster.stop(2);
    for (const slot of [0, 1, 2, 3]) {
      const results = await duty(cluster, slot);
      expect(results).toHaveLength(3);
      expect(same(results)).toBe(true);
    }
    await cluster.start(2);
    await cluster.connected();
    expect(await duty(cluster, 4)).toHaveLength(4);
  });

  it('knows the slot when it starts in the middle of a chain', async () => {
    const chain = testChain(12_000, 1_200_000);
    cluster = await testCluster(4, chain);
    await cluster.connected();
    const { nodes, pubkey } = cluster;
    const slot = chain.slotAt(Date.now());
    const signingRoot = new Uint8Array(32).fill(7);
    const request = { type: 'ATTESTATION', signingRoot: toHex(signingRoot) };
    const tasks: SigningTask[] = [{ pubkey, slot, signingRoot, request }];
    const signed = await Promise.all(nodes.map((node) => node!.sign(tasks, Date.now() + 5_000, never)));
    for (const [signature] of signed) expect(verifySignature(pubkey, signingRoot, signature!)).toBe(true);
  });

  it('takes no value that its nodes refuse', async () => {
    cluster = await testCluster(4, testChain(1000));
    await cluster.connected();
    const refuse = (value: Uint8Array): void => {
      if (value[0] !== 13) throw new Error('not this one');
    };
    const results = await duty(cluster, 0, refuse);
    expect(results.every(({ value }) => value[0] === 13)).toBe(true);
    expect(Math.max(...cluster.decidedRounds)).toBeGreaterThan(1);
  });

  it('accuses no leader whose proposal comes when it is not waited for any more, and does one whose value is refused', async () => {
    cluster = await testCluster(4, testChain(12_000));
    await cluster.connected();
    const { nodes, dropped } = cluster;
    const slot = asSlot(0);
    const leader = leaderOf({ duty: 'attester', slot }, 1, 4);
    const asked = (at: number, deadlineMs: number, check: () => void = () => undefined) =>
      nodes[at]!.agree(
        { duty: 'attester', slot, propose: async () => new Uint8Array(32).fill(10 + at), check, deadlineMs },
        never,
      );
    const others = [0, 1, 2, 3].filter((at) => at !== leader);
    await Promise.allSettled(others.slice(0, 2).map((at) => asked(at, Date.now() + 200)));
    const refused = asked(others[2]!, Date.now() + 1_500, () => {
      throw new Error('not this one');
    });
    await Promise.allSettled([asked(leader, Date.now() + 1_500), refused]);
    expect(dropped.toSorted()).toEqual(['invalidValue', 'stale', 'stale']);
  });

  it('stops, and signs nothing, when more than f are dead', async () => {
    cluster = await testCluster(4, testChain(1000));
    await cluster.connected();
    await cluster.stop(0);
    await cluster.stop(1);
    const { nodes } = cluster;
    const propose = async (): Promise<Uint8Array> => new Uint8Array(32).fill(1);
    const request = { duty: 'attester', slot: 0, propose, check: () => {}, deadlineMs: Date.now() + 1500 } as const;
    const answers = await Promise.allSettled([nodes[2]!.agree(request, never), nodes[3]!.agree(request, never)]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(cluster.signed).toEqual([0, 0, 0, 0]);
    // Who asks when it is over already is told so, and does not wait for ever.
    await expect(nodes[2]!.agree({ ...request, slot: 1 }, AbortSignal.abort())).rejects.toThrow('no agreement in time');
  });
});

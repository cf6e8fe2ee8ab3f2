import type { Devnet } from '@holdfast/devnet';
import type { Root } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import { devnetWith, endAll, live, shared, startNode, until } from './devnet-kit.ts';

afterEach(endAll);

/** How many of the first `ours` validators had their vote counted for the target, in the epoch before. */
function voted(devnet: Devnet, ours: number): number {
  const participation = devnet.state.previousEpochParticipation.getAll();
  return participation.slice(0, ours).filter((flags) => (flags & 0b10) !== 0).length;
}

describe('duties on a real chain', { timeout: 240_000 }, () => {
  it('four nodes attest, propose, aggregate and sit in sync committees; the chain finalizes; one may die', async () => {
    const ours = 4;
    const { devnet, url, clock } = await devnetWith(ours);
    const cluster = await shared(devnet, ours, 4);
    const nodes = await Promise.all([0, 1, 2, 3].map((at) => startNode(cluster, at, url, clock)));
    await until(() => nodes.every(({ node }) => node.status().nodes.every(({ up }) => up)), 'a full mesh');
    await live(devnet, clock, nodes, 16);
    expect(voted(devnet, ours)).toBe(ours);
    await nodes[1]!.stop();
    const left = nodes.filter((_, at) => at !== 1);
    await live(devnet, clock, left, 16);
    expect(voted(devnet, ours)).toBe(ours);
    expect(devnet.status().finalizedEpoch).toBeGreaterThan(0);
    expect(devnet.status().headSlot).toBe(devnet.slot);
    // Slot 0 had begun before the nodes had.
    expect(nodes.flatMap(({ missed }) => missed).filter((miss) => !miss.includes(' 0:'))).toEqual([]);
  });

  it('a node alone is an ordinary validator client', async () => {
    const ours = 4;
    const { devnet, url, clock } = await devnetWith(ours);
    const cluster = await shared(devnet, ours, 1);
    const nodes = [await startNode(cluster, 0, url, clock)];
    await live(devnet, clock, nodes, 16);
    expect(voted(devnet, ours)).toBe(ours);
    expect(nodes[0]!.missed.filter((miss) => !miss.includes(' 0:'))).toEqual([]);
  });

  it('refuses to start on another chain than the lock names', async () => {
    const { devnet, url, clock } = await devnetWith(1);
    const cluster = await shared(devnet, 1, 1);
    const network = { ...cluster.lock.definition.network, genesisValidatorsRoot: `0x${'99'.repeat(32)}` as Root };
    const lock = { ...cluster.lock, definition: { ...cluster.lock.definition, network } };
    await expect(startNode({ ...cluster, lock }, 0, url, clock)).rejects.toThrow("not on the cluster's network");
  });
});

import { afterEach, expect, it } from 'vitest';
import { DutyError } from '../src/errors.ts';
import { type TestCluster, testChain, testCluster } from './cluster-kit.ts';

let cluster: TestCluster | undefined;
afterEach(() => cluster?.close());

it('what nobody votes for is not agreed on, and the miss says why', async () => {
  cluster = await testCluster(4, testChain(2_000));
  await cluster.connected();
  const check = (): void => {
    throw new DutyError('proposer', 'the proposed block pays its fees to a thief', { slot: 0 });
  };
  const propose = async (): Promise<Uint8Array> => new Uint8Array(32).fill(1);
  const deadlineMs = Date.now() + 1_500;
  const request = { duty: 'proposer' as const, slot: 0, propose, check, deadlineMs };
  const asked = cluster.nodes.map((node) => node!.agree(request, new AbortController().signal));
  const whys = (await Promise.allSettled(asked)).map((one) =>
    one.status === 'rejected' ? String(one.reason) : 'agreed',
  );
  expect(whys.every((why) => why.includes('no agreement in time'))).toBe(true);
  // A leader has its own word; the three others say what they refused.
  expect(whys.filter((why) => why.includes('pays its fees to a thief')).length).toBeGreaterThanOrEqual(3);
});

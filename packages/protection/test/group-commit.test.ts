import { describe, expect, it } from 'vitest';
import { GroupCommit, type GroupCommitOptions } from '../src/group-commit.ts';
import type { Duty, Verdict } from '../src/port.ts';
import { dutyOf } from './support/model.ts';

const duty = (slot: number): Duty => dutyOf({ kind: 'block', key: 0, slot: BigInt(slot), root: 0 });
const duties = (from: number, count: number): Duty[] => Array.from({ length: count }, (_, index) => duty(from + index));

/** A commit that waits for a word, and remembers the slots of each group. */
function commits(options: GroupCommitOptions = {}) {
  const groups: number[][] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const group = new GroupCommit(async (all) => {
    groups.push(all.map((one) => (one.kind === 'block' ? Number(one.slot) : -1)));
    await new Promise<void>((resolve, reject) => waiting.push((error) => (error ? reject(error) : resolve())));
    return all.map((one): Verdict => ({ allowed: true, repeated: one.kind === 'block' && one.slot % 2n === 0n }));
  }, options);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const finish = async (error?: Error) => {
    await turn();
    waiting.shift()!(error);
    await turn();
  };
  return { group, groups, finish, turn };
}

describe('claims that come together', () => {
  it('share a commit with all that came while the one before ran', async () => {
    const { group, groups, finish } = commits();
    const first = group.submit(duties(1, 1));
    await finish();
    const more = Array.from({ length: 5 }, (_, index) => group.submit(duties(10 * index, 2)));
    await finish();
    expect(await first).toEqual([{ allowed: true, repeated: false }]);
    expect(groups).toEqual([[1], [0, 1, 10, 11, 20, 21, 30, 31, 40, 41]]);
    for (const verdicts of await Promise.all(more))
      expect(verdicts).toMatchObject([{ repeated: true }, { repeated: false }]);
  });

  it('gather while those who ask are busy, and no longer than bearable', async () => {
    let isBusy = true;
    const { group, groups, finish, turn } = commits({ gatherWhile: () => isBusy });
    const asked = [group.submit(duties(1, 1))];
    await turn();
    asked.push(group.submit(duties(2, 1)));
    await expect.poll(() => groups).toEqual([[1, 2]]);
    await finish();
    isBusy = false;
    asked.push(group.submit(duties(3, 1)));
    await turn();
    asked.push(group.submit(duties(4, 1)));
    await finish();
    await finish();
    await Promise.all(asked);
    expect(groups).toEqual([[1, 2], [3], [4]]);
  });

  it('stay together, whatever a commit may hold', async () => {
    const { group, groups, finish } = commits({ batchMax: 3 });
    const all = [group.submit(duties(0, 2)), group.submit(duties(2, 2)), group.submit(duties(4, 7)), group.submit([])];
    for (let round = 0; round < 3; round += 1) await finish();
    await Promise.all(all);
    expect(groups.map((slots) => slots.length)).toEqual([2, 2, 7]);
  });

  it('fail together, and nobody else with them', async () => {
    const { group, finish } = commits();
    const failing = [group.submit(duties(0, 1)), group.submit(duties(1, 1))].map((claim) =>
      claim.catch((error) => error),
    );
    await finish(new Error('disk'));
    const after = group.submit(duties(2, 1));
    await finish();
    expect(await Promise.all(failing)).toEqual([new Error('disk'), new Error('disk')]);
    expect(await after).toMatchObject([{ allowed: true }]);
  });

  it('are turned away when too many wait', async () => {
    const { group, finish } = commits({ queueMax: 4 });
    const running = group.submit(duties(0, 3));
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = group.submit(duties(3, 4));
    await expect(group.submit(duties(7, 1))).rejects.toMatchObject({ code: 'PROTECTION_BUSY' });
    await finish();
    await finish();
    await Promise.all([running, waiting]);
  });

  it('wait for what must run alone, and the other way round', async () => {
    const { group, groups, finish } = commits();
    const before = group.submit(duties(0, 1));
    let alone = 'waits';
    const work = group.alone(async () => {
      alone = 'runs';
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(groups.length).toBe(1);
      alone = 'done';
      return 7;
    });
    const after = group.submit(duties(1, 1));
    expect(alone).toBe('waits');
    await finish();
    expect(await work).toBe(7);
    await finish();
    await Promise.all([before, after]);
    expect(groups).toEqual([[0], [1]]);
  });

  it('are answered before it closes, and refused after', async () => {
    const { group, finish } = commits();
    const claim = group.submit(duties(0, 1));
    const closed = group.close();
    await expect(group.submit(duties(1, 1))).rejects.toMatchObject({ code: 'PROTECTION_CLOSED' });
    await finish();
    await closed;
    expect(await claim).toMatchObject([{ allowed: true }]);
  });

  it('never wait for a run that has already looked its last', async () => {
    const group = new GroupCommit(async (all) => all.map((): Verdict => ({ allowed: true, repeated: false })));
    // One asks as soon as another is answered: the very turn in which the run ends.
    for (let round = 0; round < 200; round += 1) await group.submit(duties(round, 1));
    expect(await Promise.all(Array.from({ length: 50 }, (_, at) => group.submit(duties(at, 1))))).toHaveLength(50);
  });
});

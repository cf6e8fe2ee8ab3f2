import { describe, expect, it } from 'vitest';
import { GENESIS, openInline } from './support/inline.ts';
import { dutyOf, interchange, pubkeyOf, type Wish } from './support/model.ts';
import { databases } from './support/sqlite.ts';

const path = databases();
const open = async () => {
  const store = await openInline({ path: path(), genesisValidatorsRoot: GENESIS });
  await store.register([pubkeyOf(0)]);
  return store;
};
const vote = (source: bigint, target: bigint, root: number | null): Wish => ({
  kind: 'attestation',
  key: 0,
  source,
  target,
  root,
});
const block = (slot: bigint, root: number | null): Wish => ({ kind: 'block', key: 0, slot, root });

describe('merging a file into what is known', () => {
  it('signs nothing again that only a file knows of, where the store has forgotten what it signed itself', async () => {
    const store = await open();
    await store.claimAll([vote(0n, 5n, 0), vote(5n, 9n, 0), block(5n, 0), block(900n, 0)].map(dutyOf));
    await store.prune({ epochsToKeep: 1n });
    await store.import(interchange(GENESIS, [vote(0n, 5n, 1), block(5n, 1)]));
    const verdicts = await store.claimAll([vote(0n, 5n, 1), block(5n, 1)].map(dutyOf));
    expect(verdicts.map(({ allowed }) => allowed)).toEqual([false, false]);
    await store.close();
  });

  it('repeats nothing that a file contradicts', async () => {
    const store = await open();
    const duties = [vote(3n, 5n, 0), block(5n, 0)].map(dutyOf);
    await store.claimAll(duties);
    await store.import(interchange(GENESIS, [vote(3n, 5n, 1), block(5n, 1)]));
    expect((await store.claimAll(duties)).map(({ allowed }) => allowed)).toEqual([false, false]);
    await store.close();
  });

  it('surrounds no vote of a file that lies below the line', async () => {
    const store = await open();
    await store.import(interchange(GENESIS, [vote(1n, 10n, 0)]));
    await store.import(interchange(GENESIS, [vote(8n, 9n, 0)]), { gaps: 'trust' });
    expect(await store.claim(dutyOf(vote(7n, 11n, 0)))).toMatchObject({
      allowed: false,
      rule: 'surrounding-vote',
    });
    expect(await store.claim(dutyOf(vote(8n, 11n, 0)))).toMatchObject({ allowed: true });
    await store.close();
  });

  it('still knows a repeat after its own export came back, twice', async () => {
    const store = await open();
    const duties = [vote(1n, 2n, 0), vote(2n, 3n, 1), block(7n, 0), block(8n, 1)].map(dutyOf);
    await store.claimAll(duties);
    const exported = await store.export();
    for (const gaps of ['trust', 'refuse'] as const) {
      const report = await store.import(exported, { gaps });
      expect(report).toEqual({ keys: 1, keysAdded: 0, blocks: 0, attestations: 0, known: 4 });
    }
    expect(await store.claimAll(duties)).toEqual(duties.map(() => ({ allowed: true, repeated: true })));
    expect(await store.export()).toEqual(exported);
    expect(await store.integrity()).toMatchObject({ ok: true, blocks: 2, attestations: 2 });
    await store.close();
  });

  it('refuses the gap below a file unless the file is taken for complete', async () => {
    for (const [gaps, allowed] of [
      ['refuse', false],
      ['trust', true],
    ] as const) {
      const store = await open();
      await store.import(interchange(GENESIS, [vote(2n, 30n, null), block(40n, null)]));
      await store.import(interchange(GENESIS, [vote(10n, 50n, null), block(50n, null)]), { gaps });
      const verdicts = await store.claimAll([vote(9n, 49n, 0), block(45n, 0)].map(dutyOf));
      expect(verdicts.map((verdict) => verdict.allowed)).toEqual([allowed, allowed]);
      await store.close();
    }
  });

  it('says which slashable pairs an import has brought', async () => {
    const store = await open();
    await store.import(
      interchange(GENESIS, [
        vote(1n, 4n, 0),
        vote(2n, 3n, 0),
        vote(5n, 6n, 0),
        vote(5n, 6n, 1),
        block(3n, 0),
        block(3n, null),
      ]),
    );
    const { ok, problems, slashable } = await store.integrity();
    expect([ok, problems]).toEqual([false, []]);
    const key = pubkeyOf(0);
    expect(slashable).toEqual([
      `${key}: two blocks at slot 3`,
      `${key}: the attestation 1 → 4 surrounds 2 → 3`,
      `${key}: two attestations with target 6`,
    ]);
    await store.close();
  });

  it('takes a vote whose source is after its target for a line', async () => {
    const store = await open();
    await store.import(interchange(GENESIS, [vote(8n, 7n, 0)]));
    expect(await store.watermarks()).toMatchObject([{ sourceEpoch: 8n, targetEpoch: 7n }]);
    expect((await store.export()).data[0]!.signed_attestations).toEqual([{ source_epoch: '8', target_epoch: '7' }]);
    expect(await store.claim(dutyOf(vote(7n, 9n, 0)))).toMatchObject({ allowed: false });
    expect(await store.claim(dutyOf(vote(8n, 9n, 0)))).toMatchObject({ allowed: true });
    await store.close();
  });
});

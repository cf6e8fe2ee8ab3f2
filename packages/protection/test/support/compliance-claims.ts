import { expect, it } from 'vitest';
import { type Duty, ProtectionInputError } from '../../src/index.ts';
import { U64_MAX } from '../../src/u64.ts';
import type { Context } from './compliance.ts';
import { ask, attestation, block, KEY, OTHER, pubkeyAt, word } from './duties.ts';

/** What a store must say to duties. */
export function claimsComply(context: Context): void {
  duties(context);
  together(context);
}

function duties({ fresh }: Context): void {
  it('allows one block a slot, the same one again, and none at or below the first', async () => {
    const store = await fresh();
    expect(await ask(store, block(5n), block(5n), block(5n, 1), block(5n, null), block(4n))).toEqual([
      'new',
      'again',
      'double-block',
      'double-block',
      'block-below-watermark',
    ]);
    expect(await ask(store, block(9n, null), block(9n, null), block(9n), block(7n), block(7n))).toEqual([
      'new',
      'double-block',
      'double-block',
      'new',
      'again',
    ]);
  });

  it('refuses double, surrounding and surrounded votes', async () => {
    const store = await fresh();
    expect(await ask(store, attestation(2n, 3n), attestation(4n, 8n))).toEqual(['new', 'new']);
    expect(await ask(store, attestation(4n, 8n), attestation(4n, 8n, 1), attestation(3n, 8n))).toEqual([
      'again',
      'double-vote',
      'double-vote',
    ]);
    expect(await ask(store, attestation(3n, 9n), attestation(5n, 7n), attestation(6n, 5n))).toEqual([
      'surrounding-vote',
      'surrounded-vote',
      'surrounded-vote',
    ]);
    expect(await ask(store, attestation(9n, 8n), attestation(20n, 19n))).toEqual(Array(2).fill('source-after-target'));
    expect(await ask(store, attestation(1n, 1n), attestation(2n, 2n), attestation(1n, 4n))).toEqual([
      'source-below-watermark',
      'target-below-watermark',
      'surrounding-vote',
    ]);
    // Between the two there is room, and equal sources surround nothing.
    expect(await ask(store, attestation(4n, 7n), attestation(4n, 9n), attestation(8n, 9n))).toEqual([
      'new',
      'new',
      'double-vote',
    ]);
  });

  it('holds the whole of uint64', async () => {
    const store = await fresh();
    const half = 2n ** 63n;
    expect(await ask(store, block(0n), block(half - 1n), block(half), block(U64_MAX), block(U64_MAX, 1))).toEqual([
      'new',
      'new',
      'new',
      'new',
      'double-block',
    ]);
    expect(
      await ask(
        store,
        attestation(0n, 0n),
        attestation(half - 1n, half),
        attestation(U64_MAX, U64_MAX),
        attestation(half - 2n, half + 1n),
        attestation(half, U64_MAX),
      ),
    ).toEqual(['new', 'new', 'new', 'surrounding-vote', 'double-vote']);
    expect((await store.export()).data[0]!.signed_blocks.map(({ slot }) => slot)).toEqual(
      [0n, half - 1n, half, U64_MAX].map(String),
    );
  });

  it('keeps keys apart', async () => {
    const store = await fresh();
    await store.register([OTHER]);
    expect(await ask(store, attestation(1n, 9n), attestation(2n, 3n, 0, OTHER), attestation(2n, 4n, 0, OTHER))).toEqual(
      ['new', 'new', 'new'],
    );
  });

  it('allows nothing at or above the high watermark', async () => {
    const store = await fresh();
    expect(await store.highWatermark()).toBeNull();
    await store.setHighWatermark({ epoch: 10n, slot: U64_MAX });
    expect(await store.highWatermark()).toEqual({ epoch: 10n, slot: U64_MAX });
    expect(await ask(store, block(U64_MAX), block(5n), attestation(9n, 10n), attestation(8n, 9n))).toEqual([
      'high-watermark',
      'new',
      'high-watermark',
      'new',
    ]);
    await store.setHighWatermark(null);
    expect(await ask(store, attestation(9n, 10n))).toEqual(['new']);
  });

  it('refuses what is no duty, and records nothing', async () => {
    const store = await fresh();
    const bad: readonly unknown[] = [
      { ...block(1n), slot: -1n },
      { ...block(1n), slot: U64_MAX + 1n },
      { ...block(1n), slot: 1 },
      { ...block(1n), kind: 'exit' },
      { ...block(1n), pubkey: '0x12' },
      { ...block(1n), pubkey: KEY.toUpperCase() },
      { ...block(1n), signingRoot: '0x12' },
      { ...attestation(1n, 2n), targetEpoch: undefined },
    ];
    for (const duty of bad) {
      await expect(store.claim(duty as Duty)).rejects.toThrow(ProtectionInputError);
      await expect(store.claimAll([block(1n), duty as Duty])).rejects.toThrow(ProtectionInputError);
    }
    expect((await store.integrity()).blocks).toBe(0);
  });
}

function together({ fresh }: Context): void {
  it('judges a batch in order: earlier duties bind later ones', async () => {
    const store = await fresh();
    const batch = [block(5n), block(5n, 1), block(5n), block(4n), attestation(3n, 4n), attestation(2n, 5n), block(6n)];
    expect((await store.claimAll(batch)).map(word)).toEqual([
      'new',
      'double-block',
      'again',
      'block-below-watermark',
      'new',
      'surrounding-vote',
      'new',
    ]);
    expect(await store.claimAll([])).toEqual([]);
  });

  it('gives a duty to exactly one of many that ask at once', async () => {
    const store = await fresh();
    const asked = Array.from({ length: 50 }, (_, at) => store.claim(attestation(3n, 4n, at)));
    const words = (await Promise.all(asked)).map(word).sort();
    expect(words).toEqual([...Array(49).fill('double-vote'), 'new']);
  });

  it('takes many keys at once', async () => {
    const store = await fresh();
    const all = Array.from({ length: 1_000 }, (_, index) => pubkeyAt(index));
    await store.register(all);
    for (const root of [0, 1]) {
      const verdicts = await store.claimAll(all.map((pubkey) => attestation(3n, 4n, root, pubkey)));
      expect(new Set(verdicts.map(word))).toEqual(new Set([root === 0 ? 'new' : 'double-vote']));
    }
    expect(await store.integrity()).toMatchObject({ ok: true, keys: 1_000, attestations: 1_000 });
  });
}

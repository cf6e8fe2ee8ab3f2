import type { Root } from '@holdfast/units';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ProtectionClosedError,
  ProtectionGenesisError,
  ProtectionInputError,
  ProtectionInterchangeError,
  type ProtectionStore,
} from '../../src/index.ts';
import { U64_MAX } from '../../src/u64.ts';
import { claimsComply } from './compliance-claims.ts';
import { ask, attestation, block, GENESIS, KEY, OTHER, pubkeyAt, rootAt, word } from './duties.ts';

/** Opens the database of that name, which is new when the name is. */
export type Open = (database: string, genesisValidatorsRoot: Root) => Promise<ProtectionStore>;

/** The contract of `ProtectionStore`, the same for every adapter. */
export function complies(name: string, open: Open): void {
  describe(`${name}: the contract of a protection store`, () => {
    const opened: ProtectionStore[] = [];
    let count = 0;
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });
    const context: Context = {
      database: () => {
        count += 1;
        return `compliance_${count}`;
      },
      open: async (database, genesisValidatorsRoot = GENESIS) => {
        const store = await open(database, genesisValidatorsRoot);
        opened.push(store);
        return store;
      },
      close: async (store) => {
        opened.splice(opened.indexOf(store), 1);
        await store.close();
      },
      fresh: async () => {
        const store = await context.open(context.database());
        await store.register([KEY]);
        return store;
      },
    };
    keys(context);
    claimsComply(context);
    interchange(context);
    upkeep(context);
    life(context);
  });
}

export interface Context {
  database(): string;
  /** Opens a store that is closed after the test. */
  open(database: string, genesisValidatorsRoot?: Root): Promise<ProtectionStore>;
  close(store: ProtectionStore): Promise<void>;
  /** A new store that knows KEY. */
  fresh(): Promise<ProtectionStore>;
}

function keys({ fresh }: Context): void {
  it('lets only registered keys claim', async () => {
    const store = await fresh();
    expect(await ask(store, block(1n, 0, OTHER), block(1n))).toEqual(['unknown-key', 'new']);
    await store.register([OTHER, KEY]);
    expect(await ask(store, block(1n, 0, OTHER), block(1n, 1))).toEqual(['new', 'double-block']);
  });

  it('keeps a disabled key disabled until it is enabled, and its history through that', async () => {
    const store = await fresh();
    await store.claimAll([block(5n), attestation(2n, 3n)]);
    const exported = await store.disable([KEY, OTHER]);
    expect(exported.data.map(({ pubkey }) => pubkey)).toEqual([KEY]);
    expect(exported.data[0]!.signed_blocks).toEqual([{ slot: '5', signing_root: rootAt(0) }]);
    await store.register([KEY]);
    await store.import({ ...exported, data: exported.data });
    expect(await ask(store, block(6n), block(5n), attestation(3n, 4n))).toEqual(Array(3).fill('disabled-key'));
    await store.enable([KEY, OTHER]);
    expect(await ask(store, block(5n), block(5n, 1), block(6n), block(1n, 0, OTHER))).toEqual([
      'again',
      'double-block',
      'new',
      'new',
    ]);
  });

  it('tells the watermarks of the keys asked for', async () => {
    const store = await fresh();
    await store.register([OTHER]);
    await store.claimAll([block(5n), block(9n), attestation(2n, 3n), attestation(3n, 7n)]);
    const none = { pubkey: OTHER, enabled: true, slot: null, sourceEpoch: null, targetEpoch: null };
    const some = { pubkey: KEY, enabled: true, slot: 5n, sourceEpoch: 2n, targetEpoch: 3n };
    expect(await store.watermarks([KEY, pubkeyAt(7)])).toEqual([some]);
    expect(new Set(await store.watermarks())).toEqual(new Set([some, none]));
  });
}

const file = (data: readonly object[], genesis: Root = GENESIS) => ({
  metadata: { interchange_format_version: '5', genesis_validators_root: genesis },
  data: data.map((key) => ({ pubkey: KEY, signed_blocks: [], signed_attestations: [], ...key })),
});

function interchange({ database, open, fresh }: Context): void {
  it('takes in a file: its keys, its records, its lines', async () => {
    const store = await fresh();
    const interchanged = file([
      { signed_blocks: [{ slot: '10', signing_root: rootAt(0) }, { slot: '12' }, { slot: '12' }] },
      { pubkey: OTHER, signed_attestations: [{ source_epoch: '3', target_epoch: '4' }] },
      { signed_attestations: [{ source_epoch: '5', target_epoch: '6', signing_root: rootAt(0) }] },
    ]);
    expect(await store.import(JSON.stringify(interchanged))).toEqual({
      keys: 2,
      keysAdded: 1,
      blocks: 2,
      attestations: 2,
      known: 1,
    });
    expect(await store.import(interchanged)).toMatchObject({ keysAdded: 0, blocks: 0, attestations: 0, known: 5 });
    expect(await ask(store, block(10n), block(11n), block(12n), block(9n))).toEqual([
      'again',
      'new',
      'double-block',
      'block-below-watermark',
    ]);
    expect(await ask(store, attestation(5n, 6n), attestation(4n, 7n), attestation(3n, 4n, 0, OTHER))).toEqual([
      'again',
      'surrounding-vote',
      'double-vote',
    ]);
  });

  it('raises the lines to a later file, unless its gaps are trusted', async () => {
    for (const [gaps, expected] of [
      ['refuse', 'block-below-watermark'],
      ['trust', 'new'],
    ] as const) {
      const store = await fresh();
      await store.claim(block(1n));
      await store.import(file([{ signed_blocks: [{ slot: '9' }] }]), { gaps });
      expect(await ask(store, block(5n), block(9n), block(10n))).toEqual([expected, 'double-block', 'new']);
    }
  });

  it('bars what an imported vote with its source after its target conflicts with', async () => {
    const store = await fresh();
    await store.import(file([{ signed_attestations: [{ source_epoch: '9', target_epoch: '4' }] }]));
    expect(await ask(store, attestation(8n, 12n), attestation(9n, 12n))).toEqual(['source-below-watermark', 'new']);
    expect((await store.integrity()).ok).toBe(true);
  });

  it('takes all of a file or nothing', async () => {
    const store = await fresh();
    const broken = file([{ signed_blocks: [{ slot: '7' }] }, { pubkey: OTHER, signed_blocks: [{ slot: '-7' }] }]);
    await expect(store.import(broken)).rejects.toThrow(ProtectionInterchangeError);
    await expect(store.import(file([], rootAt(3)))).rejects.toThrow(ProtectionGenesisError);
    await expect(store.import('{"metadata":')).rejects.toThrow(ProtectionInterchangeError);
    expect(await store.integrity()).toMatchObject({ keys: 1, blocks: 0 });
    expect(await ask(store, block(1n))).toEqual(['new']);
  });

  it('gives out what another store takes in, complete or minimal', async () => {
    const store = await fresh();
    await store.register([OTHER]);
    const history = [block(5n), block(9n, null), attestation(2n, 3n), attestation(3n, 7n), block(4n, 0, OTHER)];
    await store.claimAll(history);
    const complete = await store.export();
    const other = await open(database());
    await other.import(complete);
    expect(await other.export()).toEqual(complete);
    expect(await ask(other, block(5n), block(7n), attestation(3n, 7n), attestation(3n, 6n))).toEqual([
      'again',
      'new',
      'again',
      'new',
    ]);
    const minimal = await store.export({ pubkeys: [KEY], minimal: true });
    expect(minimal.data).toEqual([
      { pubkey: KEY, signed_blocks: [{ slot: '9' }], signed_attestations: [{ source_epoch: '3', target_epoch: '7' }] },
    ]);
    const least = await open(database());
    await least.import(minimal);
    expect(await ask(least, block(9n), block(7n), attestation(3n, 7n), attestation(3n, 6n), block(10n))).toEqual([
      'double-block',
      'block-below-watermark',
      'double-vote',
      'target-below-watermark',
      'new',
    ]);
  });
}

function upkeep({ fresh }: Context): void {
  it('prunes old records and raises the lines over them', async () => {
    const store = await fresh();
    const epochs = Array.from({ length: 20 }, (_, at) => BigInt(at + 1));
    await store.claimAll(epochs.flatMap((epoch) => [attestation(epoch, epoch + 1n), block(epoch * 32n)]));
    expect(await store.prune({ epochsToKeep: 5n })).toEqual({ blocks: 15, attestations: 15 });
    expect(await store.watermarks()).toEqual([
      { pubkey: KEY, enabled: true, slot: 480n, sourceEpoch: 15n, targetEpoch: 16n },
    ]);
    expect(await store.prune({ epochsToKeep: 5n })).toEqual({ blocks: 0, attestations: 0 });
    expect(await ask(store, block(64n), block(481n), attestation(2n, 3n), attestation(14n, 22n))).toEqual([
      'block-below-watermark',
      'new',
      'source-below-watermark',
      'surrounding-vote',
    ]);
    expect(await ask(store, attestation(20n, 21n), attestation(21n, 22n))).toEqual(['again', 'new']);
    expect(await store.integrity()).toMatchObject({ ok: true, attestations: 6, blocks: 6 });
    for (const epochsToKeep of [0n, -1n, U64_MAX])
      await expect(store.prune({ epochsToKeep })).rejects.toThrow(ProtectionInputError);
  });

  it('finds the slashable pairs that an import has brought', async () => {
    const store = await fresh();
    await store.import(
      file([
        {
          signed_blocks: [
            { slot: '7', signing_root: rootAt(0) },
            { slot: '7', signing_root: rootAt(1) },
          ],
          signed_attestations: [
            { source_epoch: '2', target_epoch: '9' },
            { source_epoch: '3', target_epoch: '8' },
          ],
        },
      ]),
    );
    const report = await store.integrity();
    expect(report).toMatchObject({ ok: false, problems: [], blocks: 2, attestations: 2 });
    expect(report.slashable).toEqual([`${KEY}: two blocks at slot 7`, `${KEY}: the attestation 2 → 9 surrounds 3 → 8`]);
  });
}

function life({ database, open, close }: Context): void {
  it('remembers everything when it is opened again', async () => {
    const name = database();
    const store = await open(name);
    await store.register([KEY, OTHER]);
    await store.claimAll([block(5n), attestation(2n, 3n), attestation(3n, 4n)]);
    await store.disable([OTHER]);
    await store.setHighWatermark({ epoch: 50n, slot: 60n });
    const exported = await store.export();
    await close(store);
    const again = await open(name);
    expect(await again.export()).toEqual(exported);
    expect(await again.highWatermark()).toEqual({ epoch: 50n, slot: 60n });
    expect(await ask(again, block(5n, 1), attestation(2n, 5n), block(60n), block(7n, 0, OTHER), block(6n))).toEqual([
      'double-block',
      'surrounding-vote',
      'high-watermark',
      'disabled-key',
      'new',
    ]);
  });

  it('is of one network', async () => {
    const name = database();
    await close(await open(name));
    await expect(open(name, rootAt(5))).rejects.toThrow(ProtectionGenesisError);
  });

  it('answers what was asked before it is closed, and nothing after', async () => {
    const store = await open(database());
    await store.register([KEY]);
    const asked = [1n, 2n, 3n].map((slot) => store.claim(block(slot)));
    const exported = store.export();
    await close(store);
    expect((await Promise.all(asked)).map(word)).toEqual(['new', 'new', 'new']);
    expect((await exported).data).toHaveLength(1);
    await expect(store.claim(block(9n))).rejects.toThrow(ProtectionClosedError);
    await expect(store.export()).rejects.toThrow(ProtectionClosedError);
  });
}

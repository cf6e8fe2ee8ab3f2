import { join } from 'node:path';
import { openSqliteProtection, type ProtectionStore } from '@holdfast/protection';
import type { Pubkey, Root } from '@holdfast/units';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settleHistory } from '../src/commands/node/history.ts';
import type { NodeRecord } from '../src/commands/node/record.ts';
import type { SignerNetwork } from '../src/commands/signer/networks.ts';
import { makeContext } from '../src/context.ts';
import { temporary } from './support/cli.ts';

const EPOCH = 5;
const LATEST = 10;
const SLOTS = 8;
const ROOT = `0x${'5a'.repeat(32)}` as Root;
const network: SignerNetwork = {
  name: 'test',
  preset: 'minimal',
  genesisValidatorsRoot: ROOT,
  genesisForkVersion: '0x00000001',
  capellaForkVersion: null,
  genesisTime: Math.floor(Date.now() / 1000),
  secondsPerSlot: 12,
  slotsPerEpoch: SLOTS,
};
const context = makeContext(
  { out: () => undefined, err: () => undefined, live: false, color: false, env: {}, cwd: '/' },
  {},
  new AbortController().signal,
);

let dir: ReturnType<typeof temporary>;
const stores: ProtectionStore[] = [];
beforeAll(() => {
  dir = temporary();
});
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  dir.dispose();
});

async function freshStore(): Promise<ProtectionStore> {
  const path = join(dir.path, `${stores.length}.sqlite`);
  const store = await openSqliteProtection({ path, genesisValidatorsRoot: ROOT });
  stores.push(store);
  return store;
}

type Vote = readonly [source: number, target: number];
const votes = (sourceMax: number, targetMax: number): Vote[] =>
  Array.from({ length: targetMax + 1 }, (_, target) => target).flatMap((target) =>
    Array.from({ length: Math.min(target, sourceMax + 1) }, (_, source): Vote => [source, target]),
  );
/** `is_slashable_attestation_data`, of votes that differ. */
const isSlashable = ([s1, t1]: Vote, [s2, t2]: Vote): boolean =>
  t1 === t2 || (s1 < s2 && t2 < t1) || (s2 < s1 && t1 < t2);

/** Of all votes up to epoch `LATEST`, each by a key of its own, those that the store allows. */
async function allowed(settle: (store: ProtectionStore, keys: readonly Pubkey[]) => Promise<unknown>): Promise<Vote[]> {
  const store = await freshStore();
  const wanted = votes(LATEST, LATEST);
  const keys = wanted.map((_, i) => `0x${(i + 1).toString(16).padStart(96, '0')}` as Pubkey);
  await settle(store, keys);
  const verdicts = await store.claimAll(
    wanted.map(([source, target], i) => ({
      kind: 'attestation',
      pubkey: keys[i]!,
      sourceEpoch: BigInt(source),
      targetEpoch: BigInt(target),
      signingRoot: ROOT,
    })),
  );
  return wanted.filter((_, i) => verdicts[i]!.allowed);
}

/** Whatever was signed until now, with a clock up to an epoch ahead. */
const lost = votes(EPOCH, EPOCH + 1);
const conflicts = (now: readonly Vote[]): number =>
  now.filter((vote) => lost.some((old) => isSlashable(vote, old))).length;
const chain = { headSlot: EPOCH * SLOTS + 3, isActive: true };
const started = (origin: NodeRecord['origin'], startedAt: string | null): NodeRecord => ({
  version: 1,
  lockHash: ROOT,
  origin,
  seal: null,
  startedAt,
});

test('what is waited for contradicts nothing that may have been signed, and the wait ends', async () => {
  const after = await allowed((store, keys) =>
    settleHistory(store, keys, started('dkg', 'yesterday'), { recoverByWaiting: true }, network, chain, context),
  );
  expect(conflicts(after)).toBe(0);
  // Signing goes on with the first vote of epoch E + 2 whose source is E.
  expect(after).toContainEqual([EPOCH, EPOCH + 2]);
  expect(after).toContainEqual([LATEST - 1, LATEST]);
});

test.each([
  ['no line at all', null],
  ['a line one target too low', { source: EPOCH, target: EPOCH }],
  ['a line one source too low', { source: EPOCH - 1, target: EPOCH + 1 }],
])('with %s something conflicts', async (_, line) => {
  const after = await allowed(async (store, keys) => {
    await store.register(keys);
    if (!line) return;
    await store.import({
      metadata: { interchange_format_version: '5', genesis_validators_root: ROOT },
      data: keys.map((pubkey) => ({
        pubkey,
        signed_blocks: [],
        signed_attestations: [{ source_epoch: String(line.source), target_epoch: String(line.target) }],
      })),
    });
  });
  expect(conflicts(after)).toBeGreaterThan(0);
});

test('blocks begin above every slot that may have been signed', async () => {
  const store = await freshStore();
  const pubkey = `0x${'ab'.repeat(48)}` as Pubkey;
  const waiting = await settleHistory(store, [pubkey], started('resharing', null), {}, network, chain, context);
  expect(waiting).toEqual({ sinceEpoch: EPOCH });
  const last = BigInt((EPOCH + 2) * SLOTS - 1);
  const claim = (slot: bigint) => store.claim({ kind: 'block', pubkey, slot, signingRoot: ROOT });
  expect(await claim(last)).toMatchObject({ allowed: false });
  expect(await claim(last + 1n)).toMatchObject({ allowed: true });
  // Only the first start after a resharing draws it by itself.
  const other = `0x${'cd'.repeat(48)}` as Pubkey;
  const again = settleHistory(store, [other], started('resharing', 'today'), {}, network, chain, context);
  await expect(again).rejects.toMatchObject({ code: 'CLI_USAGE' });
});

test('new means new: not after the node has signed, and not without a word', async () => {
  const store = await freshStore();
  const keys = [`0x${'01'.repeat(48)}` as Pubkey];
  const settle = (record: NodeRecord | null, options: { new?: boolean }) =>
    settleHistory(store, keys, record, options, network, chain, context);
  await expect(settle(null, {})).rejects.toMatchObject({ code: 'CLI_USAGE' });
  await expect(settle(started('dkg', 'yesterday'), { new: true })).rejects.toMatchObject({ code: 'CLI_USAGE' });
  expect(await settle(null, { new: true })).toBeNull();
  expect(await settle(started('dkg', 'yesterday'), {})).toBeNull();
});

test('the backup of the first day is not believed, once its validators have duties', async () => {
  const settled = async (record: NodeRecord, isActive: boolean) => {
    const store = await freshStore();
    const keys = [`0x${'02'.repeat(48)}` as Pubkey];
    await store.register(keys);
    return settleHistory(store, keys, record, {}, network, { ...chain, isActive }, context);
  };
  expect(await settled(started('dkg', null), true)).toEqual({ sinceEpoch: EPOCH });
  expect(await settled(started('dkg', null), false)).toBeNull();
  expect(await settled(started('dkg', 'yesterday'), true)).toBeNull();
  expect(await settled(started('hand', null), true)).toBeNull();
});

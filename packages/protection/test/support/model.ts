import type { Pubkey, Root } from '@holdfast/units';
import * as fc from 'fast-check';
import type { Interchange } from '../../src/interchange/format.ts';
import type { Duty, ProtectionStore, Watermarks } from '../../src/port.ts';

/** One thing that happens to a store. Keys and roots are small numbers, so that they meet often. */
export type Operation =
  | { readonly do: 'claim'; readonly duties: readonly Wish[] }
  | { readonly do: 'import'; readonly records: readonly Wish[]; readonly gaps: 'refuse' | 'trust' }
  | { readonly do: 'prune'; readonly epochsToKeep: bigint }
  | { readonly do: 'disable' | 'enable'; readonly key: number }
  | { readonly do: 'ceiling'; readonly at: bigint | null }
  | { readonly do: 'reopen' }
  | { readonly do: 'transplant' };

export type Wish =
  | { readonly kind: 'block'; readonly key: number; readonly slot: bigint; readonly root: number | null }
  | {
      readonly kind: 'attestation';
      readonly key: number;
      readonly source: bigint;
      readonly target: bigint;
      readonly root: number | null;
    };

/** What the property needs of an adapter: a new store, the same one opened again. */
export interface Subject {
  open(): Promise<ProtectionStore>;
  /** Another store, with nothing in it, that takes the first one's place. */
  openEmpty(): Promise<ProtectionStore>;
}

const KEYS = 2;
export const pubkeyOf = (key: number): Pubkey => `0x${(key + 1).toString(16).padStart(96, '0')}` as Pubkey;
export const rootOf = (root: number): Root => `0x${(root + 1).toString(16).padStart(64, '0')}` as Root;

// Mostly a few epochs that collide; sometimes the end of uint64, where signed integers would turn round.
const TOP = 2n ** 64n - 1n;
const number = fc.oneof(
  { arbitrary: fc.bigInt({ min: 0n, max: 9n }), weight: 24 },
  { arbitrary: fc.bigInt({ min: TOP - 3n, max: TOP }), weight: 1 },
  { arbitrary: fc.bigInt({ min: 2n ** 63n - 2n, max: 2n ** 63n + 2n }), weight: 1 },
);
const key = fc.nat({ max: KEYS - 1 });
const root = fc.option(fc.nat({ max: 1 }), { freq: 6 });
const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('block' as const), key, slot: number, root }) },
  {
    weight: 3,
    arbitrary: fc
      .record({ kind: fc.constant('attestation' as const), key, source: number, target: number, root })
      // Half of all pairs would have their source after their target.
      .map((w) => (w.source > w.target && w.target % 4n !== 0n ? { ...w, source: w.target, target: w.source } : w)),
  },
);

export const operations: fc.Arbitrary<readonly Operation[]> = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('claim' as const),
        duties: fc.array(wish, { minLength: 1, maxLength: 4 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('import' as const),
        records: fc.array(wish, { maxLength: 4 }),
        gaps: fc.constantFrom('refuse' as const, 'trust' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('prune' as const), epochsToKeep: fc.bigInt({ min: 1n, max: 4n }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('disable' as const, 'enable' as const), key }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('ceiling' as const), at: fc.option(number, { freq: 2 }) }) },
    { weight: 2, arbitrary: fc.constant({ do: 'reopen' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'transplant' as const }) },
  ),
  { minLength: 1, maxLength: 24 },
);

interface Lines {
  readonly slot: bigint;
  readonly source: bigint;
  readonly target: bigint;
}

/**
 * The naive reference: it remembers everything that was ever allowed or imported, forgets nothing when the store prunes, and
 * compares each duty with all of it, by the words of the specification. It shares no code with the store.
 */
class Reference {
  readonly #records: Wish[] = [];
  readonly disabled = new Set<number>();
  /** The highest lines that a key ever had. They outlive a transplant, where they may come back as records without a root. */
  readonly lines = new Map<Pubkey, Lines>();
  ceiling: bigint | null = null;

  remember(record: Wish): void {
    this.#records.push(record);
  }

  raiseLines(reported: readonly Watermarks[]): void {
    for (const { pubkey, slot, sourceEpoch, targetEpoch } of reported) {
      const before = this.lines.get(pubkey) ?? { slot: -1n, source: -1n, target: -1n };
      const max = (a: bigint, b: bigint | null): bigint => (b !== null && b > a ? b : a);
      const { slot: s, source, target } = before;
      this.lines.set(pubkey, {
        slot: max(s, slot),
        source: max(source, sourceEpoch),
        target: max(target, targetEpoch),
      });
    }
  }

  /** A line stands where something was signed or imported: one drawn higher would refuse without a reason. */
  requireJustified(): void {
    for (const [pubkey, line] of this.lines) {
      const own = this.#records.filter((record) => pubkeyOf(record.key) === pubkey);
      const slots = own.map((record) => (record.kind === 'block' ? record.slot : -1n));
      const sources = own.map((record) => (record.kind === 'attestation' ? record.source : -1n));
      const targets = own.map((record) => (record.kind === 'attestation' ? record.target : -1n));
      if (![-1n, ...slots].includes(line.slot)) throw new Error(`no block at the line ${line.slot}`);
      if (![-1n, ...sources].includes(line.source)) throw new Error(`no source at the line ${line.source}`);
      if (![-1n, ...targets].includes(line.target)) throw new Error(`no target at the line ${line.target}`);
    }
  }

  isSlashable(duty: Wish): boolean {
    return this.#records.some((record) => record.key === duty.key && conflict(record, duty));
  }

  isKnown(duty: Wish): boolean {
    return duty.root !== null && this.#records.some((record) => record.key === duty.key && same(record, duty));
  }
}

function same(a: Wish, b: Wish): boolean {
  if (a.root === null || a.root !== b.root) return false;
  if (a.kind === 'block') return b.kind === 'block' && a.slot === b.slot;
  return b.kind === 'attestation' && a.source === b.source && a.target === b.target;
}

/** consensus-specs: two proposals of one slot; `is_slashable_attestation_data`, in either order. */
function conflict(a: Wish, b: Wish): boolean {
  if (a.kind === 'block') return b.kind === 'block' && a.slot === b.slot && !same(a, b);
  if (b.kind === 'block') return false;
  const doubleVote = a.target === b.target && !same(a, b);
  const surroundVote = (x: typeof a, y: typeof a) => x.source < y.source && y.target < x.target;
  return doubleVote || surroundVote(a, b) || surroundVote(b, a);
}

/** Plays the operations and throws where the store and the reference part. */
export async function play(list: readonly Operation[], subject: Subject): Promise<void> {
  const reference = new Reference();
  let store = await subject.open();
  try {
    await store.register(Array.from({ length: KEYS }, (_, index) => pubkeyOf(index)));
    for (const operation of list) {
      if (operation.do === 'reopen') {
        await store.close();
        store = await subject.open();
      } else if (operation.do === 'transplant') {
        // All that protects a key must be in its export, whatever was pruned or merged before.
        const exported = await store.export();
        await store.close();
        store = await subject.openEmpty();
        await store.register(exported.data.map(({ pubkey }) => pubkey));
        await store.import(JSON.stringify(exported), { gaps: 'trust' });
        reference.disabled.clear();
        reference.ceiling = null;
      } else await apply(operation, store, reference);
    }
    await checkWhole(store, list);
  } finally {
    await store.close();
  }
}

async function apply(
  operation: Exclude<Operation, { do: 'reopen' | 'transplant' }>,
  store: ProtectionStore,
  reference: Reference,
): Promise<void> {
  switch (operation.do) {
    case 'claim':
      return claim(operation.duties, store, reference);
    case 'import': {
      await store.import(interchange(store.genesisValidatorsRoot, operation.records), { gaps: operation.gaps });
      for (const record of operation.records) reference.remember(record);
      return;
    }
    case 'prune': {
      await store.prune({ epochsToKeep: operation.epochsToKeep, slotsPerEpoch: 1n });
      return;
    }
    case 'disable': {
      await store.disable([pubkeyOf(operation.key)]);
      reference.disabled.add(operation.key);
      return;
    }
    case 'enable': {
      await store.enable([pubkeyOf(operation.key)]);
      reference.disabled.delete(operation.key);
      return;
    }
    case 'ceiling': {
      const { at } = operation;
      await store.setHighWatermark(at === null ? null : { epoch: at, slot: at });
      reference.ceiling = at;
    }
  }
}

async function claim(wishes: readonly Wish[], store: ProtectionStore, reference: Reference): Promise<void> {
  const verdicts = await store.claimAll(wishes.map(dutyOf));
  // Read afterwards: the first record of a key draws its lines, and may be in this very batch.
  reference.raiseLines(await store.watermarks());
  for (const [at, wish] of wishes.entries()) {
    const verdict = verdicts[at]!;
    const slashable = reference.isSlashable(wish);
    const known = reference.isKnown(wish);
    const said = `${JSON.stringify(verdict)} to ${show(wish)}`;
    if (verdict.allowed) {
      if (slashable) throw new Error(`slashable, yet ${said}`);
      if (isBarred(wish, reference)) throw new Error(`barred, yet ${said}`);
      if (verdict.repeated !== known) throw new Error(`${known ? 'known' : 'new'}, yet ${said}`);
      reference.remember(wish);
    } else if (!slashable && !isBarred(wish, reference)) {
      // Only what lies below a line may be refused besides.
      if (!isBelow(wish, reference.lines.get(pubkeyOf(wish.key))!))
        throw new Error(`nothing speaks against it, yet ${said}`);
    }
  }
  reference.requireJustified();
}

/** Refused for what it is, not for what was signed. */
function isBarred(wish: Wish, { disabled, ceiling }: Reference): boolean {
  if (disabled.has(wish.key)) return true;
  if (wish.kind === 'attestation' && wish.source > wish.target) return true;
  return ceiling !== null && (wish.kind === 'block' ? wish.slot : wish.target) >= ceiling;
}

function isBelow(wish: Wish, { slot, source, target }: Lines): boolean {
  return wish.kind === 'block' ? wish.slot <= slot : wish.source < source || wish.target <= target;
}

/** Whatever was done, the store finds nothing broken, and no slashable pair that an import has not brought. */
async function checkWhole(store: ProtectionStore, list: readonly Operation[]): Promise<void> {
  const { problems, slashable } = await store.integrity();
  if (problems.length > 0) throw new Error(`integrity: ${problems.join('; ')}`);
  const clean = list.every((operation) => operation.do !== 'import');
  if (clean && slashable.length > 0) throw new Error(`a slashable pair inside: ${slashable.join('; ')}`);
}

export function dutyOf(wish: Wish): Duty {
  const common = { pubkey: pubkeyOf(wish.key), signingRoot: wish.root === null ? null : rootOf(wish.root) };
  return wish.kind === 'block'
    ? { kind: 'block', ...common, slot: wish.slot }
    : { kind: 'attestation', ...common, sourceEpoch: wish.source, targetEpoch: wish.target };
}

/** An interchange file of these records, one entry a record. */
export function interchange(genesisValidatorsRoot: Root, records: readonly Wish[]): Interchange {
  return {
    metadata: { interchange_format_version: '5', genesis_validators_root: genesisValidatorsRoot },
    data: records.map((record) => {
      const signed = record.root === null ? {} : { signing_root: rootOf(record.root) };
      return {
        pubkey: pubkeyOf(record.key),
        signed_blocks: record.kind === 'block' ? [{ slot: `${record.slot}`, ...signed }] : [],
        signed_attestations:
          record.kind === 'attestation'
            ? [{ source_epoch: `${record.source}`, target_epoch: `${record.target}`, ...signed }]
            : [],
      };
    }),
  };
}

const show = (wish: Wish): string =>
  JSON.stringify(wish, (_, value) => (typeof value === 'bigint' ? `${value}` : value));

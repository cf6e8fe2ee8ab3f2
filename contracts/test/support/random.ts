/** A deterministic generator (mulberry32). Tests print the seed; the seed gives the run back. */
export interface Random {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
  /** An integer in [0, below). */
  below(below: number): number;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array;
  root(): `0x${string}`;
  /** `count` distinct integers in [0, below), ascending. */
  distinct(count: number, below: number): number[];
}

export function seeded(seed: number): Random {
  let a = seed >>> 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
  return {
    seed,
    next,
    below,
    pick: (items) => items[below(items.length)]!,
    bytes,
    root: () => `0x${Buffer.from(bytes(32)).toString('hex')}`,
    distinct(count, limit) {
      const found = new Set<number>();
      while (found.size < Math.min(count, limit)) found.add(below(limit));
      return [...found].sort((x, y) => x - y);
    },
  };
}

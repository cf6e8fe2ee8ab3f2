/** A figure to compare with: somebody else's, or our own before. */
export interface Baseline {
  readonly name: string;
  readonly value: number;
}

/** One measured figure. `name` is dotted, its first part the family that filters pick: `gas.deposit`. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  /** What the value counts: `gas`, `ms`, `s`, `gwei`. */
  readonly unit: string;
  /** The value that is good enough, itself included. */
  readonly target: number;
  readonly better: 'lower' | 'higher';
  readonly baseline?: Baseline;
}

/** What a `*.bench.ts` file exports. */
export interface BenchModule {
  run(): Promise<readonly BenchRow[]>;
  /** The rows that `run` gives, so that a filter can leave the bench out without running it. */
  readonly names?: readonly string[];
  /** Environment of the bench's process, such as the preset: `{ LODESTAR_PRESET: 'mainnet' }`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Whether a row's value is as good as its target. */
export function isMet(row: BenchRow): boolean {
  return row.better === 'lower' ? row.value <= row.target : row.value >= row.target;
}

/** `value` as a row, or a sentence about what is wrong with it. */
export function checkRow(value: unknown): BenchRow | string {
  if (typeof value !== 'object' || value === null) return `a row is ${String(value)}`;
  const row = value as Partial<Record<keyof BenchRow, unknown>>;
  if (typeof row.name !== 'string' || !/^[a-z]\w*(?:\.\w+)+$/.test(row.name))
    return `a row's name is ${String(row.name)}`;
  for (const field of ['value', 'target'] as const) {
    if (typeof row[field] !== 'number' || !Number.isFinite(row[field]))
      return `${row.name}: ${field} is ${String(row[field])}`;
  }
  if (typeof row.unit !== 'string') return `${row.name}: unit is ${String(row.unit)}`;
  if (row.better !== 'lower' && row.better !== 'higher') return `${row.name}: better is ${String(row.better)}`;
  return value as BenchRow;
}

/** Whether a filter such as `gas`, `gas.deposit` or `proof.` picks a name; none at all picks everything. */
export function isPicked(name: string, filters: readonly string[]): boolean {
  return filters.length === 0 || filters.some((filter) => name.startsWith(filter));
}

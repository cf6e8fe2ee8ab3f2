import type { Root } from '@holdfast/units';

/** One thing that was recomputed. `ok` null: it could not be checked, and why stands in the note. */
export interface BackingRow {
  readonly check: string;
  readonly ok: boolean | null;
  readonly expected: string;
  readonly actual: string;
  /** Actual less expected, where both are amounts. */
  readonly diffWei: bigint | null;
  readonly note: string;
}

export interface BackingReport {
  /** True when no row refutes it. */
  readonly backed: boolean;
  /** The execution block whose end is the moment. */
  readonly block: bigint;
  /** Slot and root of the beacon block whose post-state is the moment. */
  readonly slot: number | null;
  readonly root: Root;
  /** In wei; null when no beacon state could be trusted. */
  readonly assetsWei: bigint | null;
  /** What the shares are worth at the rate, in wei. */
  readonly owedWei: bigint | null;
  readonly rows: readonly BackingRow[];
}

type Amounts = { readonly check: string; readonly expected: bigint; readonly actual: bigint; readonly note?: string };

/** Both must be equal to the wei. */
export const equalRow = (row: Amounts): BackingRow => amountRow(row, row.actual === row.expected);

/** There must be at least as much as expected; what is over belongs to nobody's claim. */
export const coversRow = (row: Amounts): BackingRow => amountRow(row, row.actual >= row.expected);

function amountRow({ check, expected, actual, note = '' }: Amounts, ok: boolean): BackingRow {
  return { check, ok, expected: `${expected} wei`, actual: `${actual} wei`, diffWei: actual - expected, note };
}

export const textRow = (row: Omit<BackingRow, 'diffWei' | 'note'> & { readonly note?: string }): BackingRow => ({
  note: '',
  ...row,
  diffWei: null,
});

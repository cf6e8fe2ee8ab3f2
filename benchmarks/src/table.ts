import { type BenchRow, isMet } from './row.ts';

const HEADS = ['name', 'value', 'unit', 'target', '', 'baseline', 'ratio'];
/** Columns of numbers, which line up on the right. */
const RIGHT = new Set([1, 3, 6]);

/** Rows as a table for people: a missed target stands out as MISSED, a ratio is the value over the baseline's. */
export function tableOf(rows: readonly BenchRow[]): string {
  const lines = [HEADS, ...rows.map(cellsOf)];
  const widths = HEADS.map((_head, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const shown = lines.map((cells) =>
    cells
      .map((cell, column) => (RIGHT.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
  const missed = rows.filter((row) => !isMet(row)).length;
  const verdict = `${rows.length - missed} of ${rows.length} targets met${missed > 0 ? `, ${missed} MISSED` : ''}`;
  return `${shown.join('\n')}\n${verdict}\n`;
}

function cellsOf(row: BenchRow): string[] {
  const { baseline } = row;
  return [
    row.name,
    show(row.value),
    row.unit,
    `${row.better === 'lower' ? '≤' : '≥'} ${show(row.target)}`,
    isMet(row) ? 'met' : 'MISSED',
    baseline ? `${baseline.name} ${show(baseline.value)}` : '',
    baseline && baseline.value !== 0 ? (row.value / baseline.value).toFixed(2) : '',
  ];
}

/** Whole numbers in groups of three, others with three significant digits. */
function show(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

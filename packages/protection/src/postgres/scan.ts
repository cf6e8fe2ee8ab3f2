import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Transaction } from './transaction.ts';

const ROWS_PER_FETCH = 10_000;

/**
 * Reads a result of any size through a cursor, row by row, and lets the event loop breathe between portions. It ends
 * where `visit` says that it wants no more.
 */
export async function scan<Row extends readonly unknown[]>(
  transaction: Transaction,
  text: string,
  visit: (row: Row) => boolean,
): Promise<void> {
  await transaction.count(`DECLARE rows NO SCROLL CURSOR FOR ${text}`);
  for (let more = true; more; ) {
    const rows = await transaction.rows<Row>(`FETCH ${ROWS_PER_FETCH} FROM rows`);
    more = rows.length === ROWS_PER_FETCH;
    for (const row of rows) {
      if (visit(row)) continue;
      more = false;
      break;
    }
    await nextTurn();
  }
  await transaction.count('CLOSE rows');
}

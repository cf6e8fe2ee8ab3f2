import { setImmediate as turn } from 'node:timers/promises';

/** Does `work` on each of many things, and lets the process do other work after every `perTurn`: requests go on meanwhile. */
export async function inTurns<Item>(
  items: readonly Item[],
  perTurn: number,
  work: (item: Item, index: number) => void,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    work(item, index);
    if (index % perTurn === perTurn - 1) await turn();
  }
}

/** Of work that takes some microseconds. */
export const RECORDS_PER_TURN = 512;
/** Of work that takes a quarter of a millisecond. */
export const KEYS_PER_TURN = 16;

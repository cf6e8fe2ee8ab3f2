import { type StateFork, verifierLayout } from '@holdfast/beacon';
import type { Layout } from './types.ts';

/** A fork and the slot from which its state layout holds. */
export interface ForkStart {
  readonly fork: StateFork;
  readonly fromSlot: number;
}

/**
 * The layouts of a chain, oldest first, as the constructor of `ForkLayouts` takes them. Of forks that begin at one slot
 * only the last ever holds, and one that moved nothing (Fulu) needs no layout of its own.
 *
 * @throws BeaconForkError for a fork before Electra: there are no pending deposits to prove
 */
export function layoutsOf(forks: readonly ForkStart[]): Layout[] {
  const layouts: Layout[] = [];
  for (const { fork, fromSlot } of forks) {
    const layout = verifierLayout(fork, fromSlot);
    if (layouts.at(-1)?.fromSlot === layout.fromSlot) layouts.pop();
    const last = layouts.at(-1);
    if (last && sameExceptStart(last, layout)) continue;
    layouts.push(layout);
  }
  return layouts;
}

const sameExceptStart = (a: Layout, b: Layout): boolean =>
  JSON.stringify({ ...a, fromSlot: 0 }) === JSON.stringify({ ...b, fromSlot: 0 });

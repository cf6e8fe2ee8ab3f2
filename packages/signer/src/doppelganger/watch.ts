/** How one key stands. Epochs are those of the network. */
export type KeyWatch =
  | {
      readonly kind: 'waiting';
      /** Only epochs after this one are judged: it was under way, or the key's own history reaches into it. */
      readonly after: number;
      /** Epochs in which the network was whole and the key silent. */
      readonly silent: readonly number[];
    }
  | { readonly kind: 'clear'; readonly why: 'silent' | 'not-active' | 'shared-history' }
  | { readonly kind: 'barred'; readonly epoch: number; readonly node: string };

/** What was learned of a key about one epoch. */
export interface Sighting {
  readonly epoch: number;
  /** The nodes that were fit to be asked and answered, each with its word. */
  readonly answers: readonly { readonly node: string; readonly live: boolean }[];
  /** Whether the epoch is over, long enough for its last messages to have spread. */
  readonly over: boolean;
  /** The latest epoch in the key's own history; -1 when there is none. */
  readonly own: number;
  /** `own` when the watch began. */
  readonly ownAtStart: number;
}

/** A watch that begins now: nothing in this epoch or before counts. */
export const beginWatch = (epoch: number): KeyWatch => ({ kind: 'waiting', after: epoch, silent: [] });

/**
 * The rule, for one key and one epoch.
 *
 * - An epoch up to the last one of the key's own history proves nothing either way: the network saw us. That is what lets
 *   a signer restart right after it signed.
 * - A sign of life in any other epoch after the start is somebody else: barred, on the word of a single node.
 * - An epoch that is over, about which at least one node answered and none saw the key, counts. `needed` such epochs
 *   clear the key.
 * - When the history grew during the watch, somebody who shares the store is signing. He has watched before he began, and
 *   the store keeps both from contradicting each other: such an epoch counts as well.
 */
export function judge(watch: KeyWatch, sighting: Sighting, needed: number): KeyWatch {
  if (watch.kind !== 'waiting') return watch;
  const { epoch, answers, over, own, ownAtStart } = sighting;
  if (epoch <= watch.after || watch.silent.includes(epoch)) return watch;
  const explained = epoch <= own;
  const seen = answers.find(({ live }) => live);
  if (seen && !explained) return { kind: 'barred', epoch, node: seen.node };
  const shared = explained && own > ownAtStart;
  if (!over || answers.length === 0 || (explained && !shared)) return watch;
  const silent = [...watch.silent, epoch];
  if (silent.length < needed) return { ...watch, silent };
  return { kind: 'clear', why: shared ? 'shared-history' : 'silent' };
}

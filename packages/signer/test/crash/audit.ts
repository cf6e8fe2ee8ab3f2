import type { Pubkey } from '@holdfast/units';

/** A signature that left a signer, and over what. `variant` tells different objects of one slot or target apart. */
export type Released =
  | { readonly kind: 'block'; readonly pubkey: Pubkey; readonly slot: number; readonly variant: number }
  | {
      readonly kind: 'attestation';
      readonly pubkey: Pubkey;
      readonly source: number;
      readonly target: number;
      readonly variant: number;
    };

/**
 * Every slashable pair among what was released, by comparing all with all: `is_slashable_attestation_data` and the
 * proposer's rule (phase0, beacon-chain.md), and nothing that Holdfast wrote.
 */
export function slashablePairs(released: readonly Released[]): [Released, Released][] {
  const pairs: [Released, Released][] = [];
  const byKey = Map.groupBy(released, ({ pubkey, kind }) => `${pubkey}${kind}`);
  for (const group of byKey.values()) {
    const distinct = [...new Map(group.map((one) => [JSON.stringify(one), one])).values()];
    distinct.forEach((a, i) => {
      for (const b of distinct.slice(i + 1)) if (slashable(a, b)) pairs.push([a, b]);
    });
  }
  return pairs;
}

function slashable(a: Released, b: Released): boolean {
  if (a.kind === 'block' && b.kind === 'block') return a.slot === b.slot;
  if (a.kind !== 'attestation' || b.kind !== 'attestation') return false;
  const surrounds = (x: typeof a, y: typeof a): boolean => x.source < y.source && y.target < x.target;
  return a.target === b.target || surrounds(a, b) || surrounds(b, a);
}

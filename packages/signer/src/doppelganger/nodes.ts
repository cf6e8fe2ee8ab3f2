import type { Pubkey, Root } from '@holdfast/units';
import type { LivenessPort } from './ports.ts';

/** A node that is fit to be asked, or why it is not. */
export type Fitness =
  | { readonly node: LivenessPort; readonly fit: true }
  | { readonly node: LivenessPort; readonly fit: false; readonly why: string };

export interface FitnessRules {
  readonly genesisValidatorsRoot: Root;
  /** The slot by this machine's clock. */
  readonly slot: number;
  readonly slotsPerEpoch: number;
}

/**
 * Whether a node's word on liveness may be used: of this network, in sync, and at the time that this machine has. A head
 * that is half an epoch old is a node that stands still; one that is ahead is a clock that is wrong, the node's or ours.
 */
export async function fitnessOf(node: LivenessPort, rules: FitnessRules): Promise<Fitness> {
  const unfit = (why: string): Fitness => ({ node, fit: false, why });
  try {
    const { genesisValidatorsRoot, headSlot, syncing } = await node.status();
    if (genesisValidatorsRoot !== rules.genesisValidatorsRoot) return unfit('it is on another network');
    if (syncing) return unfit('it is syncing');
    if (headSlot > rules.slot + 1)
      return unfit(`its head, slot ${headSlot}, is ahead of the clock, slot ${rules.slot}`);
    if (headSlot < rules.slot - rules.slotsPerEpoch / 2) {
      return unfit(`its head, slot ${headSlot}, is far behind the clock, slot ${rules.slot}`);
    }
    return { node, fit: true };
  } catch (error) {
    return unfit(`it does not answer: ${reasonOf(error)}`);
  }
}

/** Which keys each node knows, or why it did not say. */
export interface Registry {
  readonly node: LivenessPort;
  readonly known: ReadonlyMap<Pubkey, { readonly index: number; readonly active: boolean }>;
}

/** What a node said of the epoch: by key, whether it was seen. Keys that it leaves out it said nothing of. */
export async function sightingsOf(
  { node, known }: Registry,
  epoch: number,
  pubkeys: readonly Pubkey[],
): Promise<ReadonlyMap<Pubkey, boolean>> {
  const asked = pubkeys.filter((pubkey) => known.has(pubkey));
  if (asked.length === 0 || epoch < 0) return new Map();
  const live = await node.liveness(
    epoch,
    asked.map((pubkey) => known.get(pubkey)!.index),
  );
  return new Map(
    asked.flatMap((pubkey) => {
      const seen = live.get(known.get(pubkey)!.index);
      return seen === undefined ? [] : [[pubkey, seen] as const];
    }),
  );
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.split('\n')[0]! : String(error);

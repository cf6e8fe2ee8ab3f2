import type { Interchange, ProtectionStore, PruneReport } from '@holdfast/protection';

/** Keys whose whole history is in memory at once. */
const KEYS_AT_ONCE = 100;

/** What `prune` would drop: records that lie `epochsToKeep` epochs or more below their key's latest. */
export async function countPrunable(
  store: ProtectionStore,
  { epochsToKeep, slotsPerEpoch }: { readonly epochsToKeep: bigint; readonly slotsPerEpoch: bigint },
): Promise<PruneReport> {
  const pubkeys = (await store.watermarks()).map(({ pubkey }) => pubkey);
  let [blocks, attestations] = [0, 0];
  for (let start = 0; start < pubkeys.length; start += KEYS_AT_ONCE) {
    const { data } = await store.export({ pubkeys: pubkeys.slice(start, start + KEYS_AT_ONCE) });
    for (const key of data) {
      blocks += below(
        key.signed_blocks.map(({ slot }) => BigInt(slot)),
        epochsToKeep * slotsPerEpoch,
      );
      attestations += below(targetsOf(key), epochsToKeep);
    }
  }
  return { blocks, attestations };
}

const targetsOf = ({ signed_attestations }: Interchange['data'][number]): bigint[] =>
  signed_attestations.map(({ target_epoch }) => BigInt(target_epoch));

function below(numbers: readonly bigint[], distance: bigint): number {
  const top = numbers.reduce((a, b) => (a > b ? a : b), 0n);
  return numbers.filter((number) => number + distance <= top).length;
}

import type { KeptAttestation, KeptBlock } from '../decide.ts';
import { isAttestationCovered, isBlockCovered, overAttestations, overBlocks } from '../frontier.ts';
import { EXACT } from '../logic/exact.ts';
import type { ImportOptions } from '../port.ts';
import type { AttestationFrontier, BlockFrontier } from '../rules.ts';
import { max, min } from '../u64.ts';

type Gaps = NonNullable<ImportOptions['gaps']>;

/** What an import makes of a key: the records to store, those known already among them, and the frontier with them. */
export interface Merged<Frontier, Kept> {
  readonly frontier: Frontier;
  readonly kept: readonly Kept[];
}

/** The line is never lowered; what the line before stands over is not stored. */
export function mergeBlocks(
  before: BlockFrontier<bigint, boolean>,
  blocks: readonly KeptBlock[],
  gaps: Gaps,
): Merged<BlockFrontier<bigint, boolean>, KeptBlock> {
  const kept = blocks.filter((block) => !isBlockCovered(EXACT, before, block));
  if (blocks.length === 0) return { frontier: before, kept };
  const slots = blocks.map(({ slot }) => slot);
  // A key's first file draws the line at its lowest record; see ImportOptions for the others.
  const raised = gaps === 'refuse' || !before.drawn ? overBlocks(EXACT, before, slots.reduce(min)) : before;
  return { frontier: { ...raised, top: max(raised.top, slots.reduce(max)) }, kept };
}

/**
 * The same for attestations. One whose source is after its target is not stored either: no chain counts it and no rule lets
 * one be signed, so the lines raised over it refuse all that it conflicts with.
 */
export function mergeAttestations(
  before: AttestationFrontier<bigint, boolean>,
  attestations: readonly KeptAttestation[],
  gaps: Gaps,
): Merged<AttestationFrontier<bigint, boolean>, KeptAttestation> {
  if (attestations.length === 0) return { frontier: before, kept: [] };
  const sources = attestations.map(({ source }) => source);
  const targets = attestations.map(({ target }) => target);
  let frontier = before;
  if (gaps === 'refuse' || !before.drawn)
    frontier = overAttestations(EXACT, before, sources.reduce(min), targets.reduce(min));
  const kept: KeptAttestation[] = [];
  for (const attestation of attestations) {
    const { source, target } = attestation;
    if (source > target || isAttestationCovered(EXACT, before, attestation))
      frontier = overAttestations(EXACT, frontier, source, target);
    else kept.push(attestation);
  }
  const { topSource, topTarget } = frontier;
  return {
    frontier: {
      ...frontier,
      topSource: max(topSource, sources.reduce(max)),
      topTarget: max(topTarget, targets.reduce(max)),
    },
    kept,
  };
}

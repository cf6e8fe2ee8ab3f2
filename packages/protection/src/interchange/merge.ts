import type { KeptAttestation, KeptBlock } from '../decide.ts';
import { isAttestationCovered, isBlockCovered, overAttestations, overBlocks } from '../frontier.ts';
import { EXACT, type RootBytes } from '../logic/exact.ts';
import type { ImportOptions } from '../port.ts';
import type { AttestationFrontier, BlockFrontier } from '../rules.ts';
import { max, min } from '../u64.ts';

type Gaps = NonNullable<ImportOptions['gaps']>;

/** A record of a file, and the signing root that it is stored with; see `isAttestationCovered`. */
export interface Imported<Kept> {
  /** As the file has it. If this very record is known already, nothing is stored. */
  readonly record: Kept;
  readonly storedRoot: RootBytes;
}

/** What an import makes of a key: the records to store unless they are known, and the frontier with them. */
export interface Merged<Frontier, Kept> {
  readonly frontier: Frontier;
  readonly records: readonly Imported<Kept>[];
}

/** The line is never lowered. */
export function mergeBlocks(
  before: BlockFrontier<bigint, boolean>,
  blocks: readonly KeptBlock[],
  gaps: Gaps,
): Merged<BlockFrontier<bigint, boolean>, KeptBlock> {
  if (blocks.length === 0) return { frontier: before, records: [] };
  const slots = blocks.map(({ slot }) => slot);
  // A key's first file draws the line at its lowest record; see ImportOptions for the others.
  const raised = gaps === 'refuse' || !before.drawn ? overBlocks(EXACT, before, slots.reduce(min)) : before;
  return {
    frontier: { ...raised, top: max(raised.top, slots.reduce(max)) },
    records: blocks.map((record) => ({
      record,
      storedRoot: isBlockCovered(EXACT, before, record) ? null : record.root,
    })),
  };
}

/**
 * The same for attestations. One whose source is after its target is not stored: no chain counts it and no rule lets one be
 * signed, so the lines raised over it refuse all that it conflicts with.
 */
export function mergeAttestations(
  before: AttestationFrontier<bigint, boolean>,
  attestations: readonly KeptAttestation[],
  gaps: Gaps,
): Merged<AttestationFrontier<bigint, boolean>, KeptAttestation> {
  if (attestations.length === 0) return { frontier: before, records: [] };
  const sources = attestations.map(({ source }) => source);
  const targets = attestations.map(({ target }) => target);
  let frontier = before;
  if (gaps === 'refuse' || !before.drawn)
    frontier = overAttestations(EXACT, before, sources.reduce(min), targets.reduce(min));
  const records: Imported<KeptAttestation>[] = [];
  for (const record of attestations) {
    if (record.source > record.target) frontier = overAttestations(EXACT, frontier, record.source, record.target);
    else records.push({ record, storedRoot: isAttestationCovered(EXACT, before, record) ? null : record.root });
  }
  const { topSource, topTarget } = frontier;
  return {
    frontier: {
      ...frontier,
      topSource: max(topSource, sources.reduce(max)),
      topTarget: max(topTarget, targets.reduce(max)),
    },
    records,
  };
}

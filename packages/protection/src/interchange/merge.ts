import type { KeptAttestation, KeptBlock } from '../decide.ts';
import type { ImportOptions } from '../port.ts';
import type { AttestationFrontier, BlockFrontier } from '../rules.ts';
import { max } from '../u64.ts';

type Gaps = NonNullable<ImportOptions['gaps']>;
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The blocks' frontier once a file's blocks are known too. The line is never lowered. */
export function withImportedBlocks(
  frontier: BlockFrontier<bigint, boolean>,
  blocks: readonly KeptBlock[],
  gaps: Gaps,
): BlockFrontier<bigint, boolean> {
  const slots = blocks.map(({ slot }) => slot);
  if (slots.length === 0) return frontier;
  const [lowest, highest] = [slots.reduce(min), slots.reduce(max)];
  if (!frontier.drawn) return { drawn: true, line: lowest, top: highest };
  return {
    drawn: true,
    line: gaps === 'refuse' ? max(frontier.line, lowest) : frontier.line,
    top: max(frontier.top, highest),
  };
}

/**
 * A vote whose source is after its target. No chain counts it and no rule lets one be signed, so it is not kept as a record;
 * the lines are raised over it, which refuses all that it conflicts with.
 */
export const isInverted = ({ source, target }: KeptAttestation): boolean => source > target;

/** The attestations' frontier once a file's attestations are known too. The lines are never lowered. */
export function withImportedAttestations(
  frontier: AttestationFrontier<bigint, boolean>,
  attestations: readonly KeptAttestation[],
  gaps: Gaps,
): AttestationFrontier<bigint, boolean> {
  if (attestations.length === 0) return frontier;
  const sources = attestations.map(({ source }) => source);
  const targets = attestations.map(({ target }) => target);
  const lowest = { source: sources.reduce(min), target: targets.reduce(min) };
  const highest = { source: sources.reduce(max), target: targets.reduce(max) };
  let { lineSource, lineTarget } = frontier;
  if (!frontier.drawn) [lineSource, lineTarget] = [lowest.source, lowest.target];
  else if (gaps === 'refuse') {
    lineSource = max(lineSource, lowest.source);
    lineTarget = max(lineTarget, lowest.target);
  }
  for (const { source, target } of attestations.filter(isInverted)) {
    lineSource = max(lineSource, source);
    lineTarget = max(lineTarget, target);
  }
  return {
    drawn: true,
    lineSource,
    lineTarget,
    topSource: max(frontier.drawn ? frontier.topSource : 0n, highest.source),
    topTarget: max(frontier.drawn ? frontier.topTarget : 0n, highest.target),
  };
}

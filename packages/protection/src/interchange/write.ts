import type { Pubkey, Root } from '@holdfast/units';
import type { KeptAttestation, KeptBlock } from '../decide.ts';
import type { RootBytes } from '../logic/exact.ts';
import { rootText } from '../root.ts';
import type { AttestationFrontier, BlockFrontier } from '../rules.ts';
import { max } from '../u64.ts';
import {
  INTERCHANGE_VERSION,
  type Interchange,
  type InterchangeAttestation,
  type InterchangeBlock,
  type InterchangeKey,
} from './format.ts';

/** Everything that a store knows of one key. Records in rising order of slot and target. */
export interface KeyRecords {
  readonly pubkey: Pubkey;
  readonly blocks: readonly KeptBlock[];
  readonly attestations: readonly KeptAttestation[];
  readonly blockFrontier: BlockFrontier<bigint, boolean>;
  readonly attestationFrontier: AttestationFrontier<bigint, boolean>;
}

export function interchangeOf(genesisValidatorsRoot: Root, data: readonly InterchangeKey[]): Interchange {
  return {
    metadata: { interchange_format_version: INTERCHANGE_VERSION, genesis_validators_root: genesisValidatorsRoot },
    data,
  };
}

/**
 * A key's history from its lines upwards. A store that starts from it refuses all that this one refuses and, if it keeps
 * complete histories, allows all that this one allows. Where pruning or a merge has raised a line above the lowest record, the
 * line itself is written as a record without a signing root; what lies below it says nothing that the line does not.
 */
export function completeKey({ pubkey, ...known }: KeyRecords): InterchangeKey {
  return {
    pubkey,
    signed_blocks: blocksFromLine(known.blocks, known.blockFrontier).map(blockOf),
    signed_attestations: attestationsFromLine(known.attestations, known.attestationFrontier).map(attestationOf),
  };
}

/** EIP-3076's minimal form: the highest slot, the highest source, the highest target. */
export function minimalKey({ pubkey, blockFrontier, attestationFrontier }: KeyRecords): InterchangeKey {
  const { topSource: source, topTarget: target } = attestationFrontier;
  return {
    pubkey,
    signed_blocks: blockFrontier.drawn ? [blockOf({ slot: blockFrontier.top, root: null })] : [],
    signed_attestations: attestationFrontier.drawn ? [attestationOf({ source, target, root: null })] : [],
  };
}

function blocksFromLine(blocks: readonly KeptBlock[], { drawn, line }: BlockFrontier<bigint, boolean>): KeptBlock[] {
  const kept = blocks.filter(({ slot }) => slot >= line);
  return drawn && kept[0]?.slot !== line ? [{ slot: line, root: null }, ...kept] : kept;
}

function attestationsFromLine(
  attestations: readonly KeptAttestation[],
  { drawn, lineSource, lineTarget }: AttestationFrontier<bigint, boolean>,
): KeptAttestation[] {
  if (!drawn) return [];
  const kept = attestations.filter(({ target }) => target >= lineTarget);
  const below = attestations.filter(({ target }) => target < lineTarget);
  const lowest = kept.reduce((low, { source }) => (source < low ? source : low), kept[0]?.source ?? 0n);
  if (below.length === 0 && kept[0]?.target === lineTarget && lowest === lineSource) return kept;
  // What surrounds a record at or below the line has its target above the line, so the line's source must reach that record's.
  const atOrBelow = attestations.filter(({ target }) => target <= lineTarget);
  const source = atOrBelow.map((record) => record.source).reduce(max, lineSource);
  return [{ source, target: lineTarget, root: null }, ...kept.filter(({ target }) => target > lineTarget)];
}

function blockOf({ slot, root }: KeptBlock): InterchangeBlock {
  return { slot: slot.toString(), ...signingRoot(root) };
}

function attestationOf({ source, target, root }: KeptAttestation): InterchangeAttestation {
  return { source_epoch: source.toString(), target_epoch: target.toString(), ...signingRoot(root) };
}

function signingRoot(root: RootBytes): { signing_root?: Root } {
  return root === null ? {} : { signing_root: rootText(root) };
}

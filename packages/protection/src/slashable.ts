import type { KeptAttestation, KeptBlock } from './decide.ts';
import { EXACT } from './logic/exact.ts';
import { RULES, sameBlock } from './rules.ts';

/**
 * Finds slashable pairs in one key's history, which must come in rising order of slot. Two records of one slot that are not
 * the same signed block are one.
 */
export class BlockSweep {
  #last: KeptBlock | undefined;

  /** A sentence about the pair that this record makes with the one before, if it makes one. */
  next(block: KeptBlock): string | undefined {
    const last = this.#last;
    this.#last = block;
    if (last === undefined || last.slot !== block.slot || sameBlock(EXACT, block, last)) return undefined;
    return `two blocks at slot ${block.slot}`;
  }
}

/**
 * The same for attestations, in rising order of target. It is enough to compare each with the highest source among the lower
 * targets (does it surround any of them?) and with the one before (do both have one target?): every slashable history has
 * such a pair.
 */
export class AttestationSweep {
  #last: KeptAttestation | undefined;
  /** Of the targets below the last one's. */
  #highest: KeptAttestation | undefined;

  next(attestation: KeptAttestation): string | undefined {
    const last = this.#last;
    if (last !== undefined && last.target < attestation.target && (this.#highest?.source ?? -1n) < last.source)
      this.#highest = last;
    const sameTarget = last?.target === attestation.target;
    // Of several with one target the highest source counts for what comes after.
    this.#last = sameTarget && last.source > attestation.source ? last : attestation;
    const { 'double-vote': double, 'surrounding-vote': surrounds } = RULES.pairs.attestation;
    if (sameTarget && double(EXACT, attestation, last)) return `two attestations with target ${attestation.target}`;
    const inner = this.#highest;
    if (inner === undefined || !surrounds(EXACT, attestation, inner)) return undefined;
    return `the attestation ${pair(attestation)} surrounds ${pair(inner)}`;
  }
}

const pair = ({ source, target }: KeptAttestation): string => `${source} → ${target}`;

import type { CompositeTypeAny } from '@chainsafe/ssz';
import { type AttesterSlashing, type phase0, ssz } from '@lodestar/types';
import type { StateFork } from '../forks.ts';

/** The Beacon API's JSON of what a pool accepts. */
export const encodeVoluntaryExit = (exit: phase0.SignedVoluntaryExit): unknown =>
  ssz.phase0.SignedVoluntaryExit.toJson(exit);

export const encodeProposerSlashing = (slashing: phase0.ProposerSlashing): unknown =>
  ssz.phase0.ProposerSlashing.toJson(slashing);

/** Electra widened the list of attesting indices, so the form depends on the fork. */
export function encodeAttesterSlashing(fork: StateFork, slashing: AttesterSlashing): unknown {
  const type: CompositeTypeAny = ssz[fork].AttesterSlashing;
  return type.toJson(slashing);
}

import type { CompositeTypeAny } from '@chainsafe/ssz';
import { ssz } from '@lodestar/types';
import { BeaconForkError } from './errors.ts';

/** The forks whose state layout this package knows, oldest first. */
export const STATE_FORKS = ['capella', 'deneb', 'electra', 'fulu', 'gloas'] as const;
export type StateFork = (typeof STATE_FORKS)[number];

const isStateFork = (name: string): name is StateFork => (STATE_FORKS as readonly string[]).includes(name);

/** A fork's name as it came from outside. Throws BeaconForkError for one this version does not know. */
export function asStateFork(name: string): StateFork {
  if (!isStateFork(name)) throw new BeaconForkError({ data: { fork: name, known: STATE_FORKS.join(' ') } });
  return name;
}

/** The SSZ type of a fork's `BeaconState`, under the preset of this process. */
export const stateTypeOf = (fork: StateFork): CompositeTypeAny => ssz[fork].BeaconState;

/** The SSZ type of a fork's `SignedBeaconBlock`. */
export const signedBlockTypeOf = (fork: StateFork): CompositeTypeAny => ssz[fork].SignedBeaconBlock;

/** The SSZ type of a fork's `BeaconBlock`. */
export const blockTypeOf = (fork: StateFork): CompositeTypeAny => ssz[fork].BeaconBlock;

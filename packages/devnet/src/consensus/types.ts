import type { ForkName } from '@lodestar/params';
import type {
  CachedBeaconStateAllForks,
  CachedBeaconStateElectra,
  CachedBeaconStateFulu,
} from '@lodestar/state-transition';
import type { SignedBeaconBlock } from '@lodestar/types';

/**
 * The state as the devnet reads it: by the fields that Electra, Fulu and Gloas share (`proposerLookahead` from Fulu
 * on). Code that needs a fork's own fields asks `config.getForkSeq(slot)` first.
 */
export type DevnetState = CachedBeaconStateFulu;

export const asDevnetState = (state: CachedBeaconStateAllForks): DevnetState => state as DevnetState;

/** The same state, for functions of the library that want the fields since Electra. */
export const asElectra = (state: DevnetState): CachedBeaconStateElectra =>
  state as CachedBeaconStateAllForks as CachedBeaconStateElectra;

/** A signed block of any fork that the devnet runs. */
export type DevnetBlock = SignedBeaconBlock<ForkName.electra | ForkName.fulu | ForkName.gloas>;

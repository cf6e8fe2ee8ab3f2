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

/**
 * A copy of an SSZ value with some fields changed. Spreading it instead would copy the root that the library caches on
 * such objects under a symbol, and the copy would go on hashing and signing as the original.
 */
export const edited = <T extends object>(value: T, changes: Partial<T>): T => ({
  ...(Object.fromEntries(Object.entries(value)) as T),
  ...changes,
});

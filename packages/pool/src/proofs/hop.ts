import { type BeaconBlockHeader, verifierHeader } from '@holdfast/beacon';
import type { Hop } from './types.ts';

/** No hop at all: `proveRecovery` then reads the recent state itself. */
export const noHop = (header: BeaconBlockHeader): Hop => ({
  header: verifierHeader(header),
  branch: [],
  summary: 0,
  historical: false,
});

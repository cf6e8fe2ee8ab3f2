import type { ValidatorRow } from '../../shared/state.ts';

/** What the grid shows: the pool's proven state, refined by what the beacon node tells. */
export const SHOWN_STATES = [
  ['active', 'Active', 'Funded, validating'],
  ['activating', 'Activating', 'Funded; waits on the beacon chain to be activated'],
  ['proven', 'Proven', 'Its credentials are the Vault’s; waits for stake'],
  ['predeposited', 'Predeposited', 'Its operator’s own 1 ETH is deposited, nothing is proven'],
  ['exiting', 'Exiting', 'On its way out'],
  ['slashed', 'Slashed', 'Slashed on the beacon chain'],
  ['withdrawn', 'Withdrawn', 'All came back'],
  ['rejected', 'Rejected', 'Not the Vault’s credentials: never funded'],
] as const;
export type ShownState = (typeof SHOWN_STATES)[number][0];

export function shownState({ status, beacon }: ValidatorRow): ShownState {
  if (status === 'funded' || status === 'exiting') {
    if (beacon?.slashed) return 'slashed';
    if (status === 'exiting' || (beacon !== null && beacon.exitEpoch !== null)) return 'exiting';
    return beacon?.status.startsWith('pending') === true ? 'activating' : 'active';
  }
  return status === 'none' ? 'predeposited' : status;
}

/** The Solidity enum `Status` (LedgerTypes.sol): where a validator stands. */
export const VALIDATOR_STATES = [
  'none',
  'predeposited',
  'proven',
  'rejected',
  'funded',
  'exiting',
  'slashed',
  'withdrawn',
] as const;
export type ValidatorState = (typeof VALIDATOR_STATES)[number];

/** Whether checkpoints count a validator in this state. */
export const isLive = (state: ValidatorState): boolean =>
  state === 'funded' || state === 'exiting' || state === 'slashed';

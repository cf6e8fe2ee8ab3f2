/** What `holdfast fault` can break; the devnet's control endpoints do the rest. */
const VALIDATOR_FAULTS = [
  'offline',
  'online',
  'doubleVote',
  'surroundVote',
  'doubleProposal',
  'wrongFeeRecipient',
] as const;
const BEACON_FAULTS = ['lyingBalances', 'wrongStateRoot', 'error500', 'stall', 'none'] as const;
export const FAULT_KINDS = [...VALIDATOR_FAULTS, ...BEACON_FAULTS, 'vaultShort', 'step'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];
export const isValidatorFault = (kind: FaultKind): boolean => (VALIDATOR_FAULTS as readonly string[]).includes(kind);

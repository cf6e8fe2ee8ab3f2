import { PoolRevertError } from '@holdfast/pool';
import { BaseError, NonceTooLowError } from 'viem';

/** What became of an action that was not sent. */
export type Refusal =
  /** Another keeper did it, or the moment for it has passed. No error. */
  | 'overtaken'
  /** The contracts do not allow it yet: too little cash, a fee over the cap, a window used up. */
  | 'early'
  /** Anything else. */
  | 'failed';

/** The custom errors that say: this is done already, or is somebody else's turn. */
const OVERTAKEN: ReadonlySet<string> = new Set([
  'StatusWrong',
  'SlashingStatusWrong',
  'CheckpointPhaseWrong',
  'CheckpointRootUnusable',
  'DepositOther',
  'ExitAlreadyRequested',
  'ExitNotCalledFor',
  'FundingInStartBlock',
  'NotItsTurn',
  'RecoveryInvalid',
  'ReferenceOlder',
]);

/** Evidence that is refused with these will never be taken. */
const FINAL: ReadonlySet<string> = new Set(['RecoveryInvalid', 'ReferenceOlder']);

export const isFinal = (error: unknown): boolean => error instanceof PoolRevertError && FINAL.has(error.errorName);

const EARLY: ReadonlySet<string> = new Set([
  'CashShort',
  'CheckpointIncomplete',
  'CheckpointTooSoon',
  'NotYetOnBeaconChain',
  'OperatorMayNotStake',
  'RequestFeeTooHigh',
  'RequestFeeUnavailable',
  'SettlementTooEarly',
  'WindowLimitReached',
]);

/** Sorts a failure by the custom error behind it. */
export function refusalOf(error: unknown): Refusal {
  if (isNonceUsed(error)) return 'overtaken';
  if (!(error instanceof PoolRevertError)) return 'failed';
  if (OVERTAKEN.has(error.errorName)) return 'overtaken';
  return EARLY.has(error.errorName) ? 'early' : 'failed';
}

/** A transaction with this nonce was mined meanwhile. */
export const isNonceUsed = (error: unknown): boolean =>
  error instanceof BaseError && error.walk((cause) => cause instanceof NonceTooLowError) !== null;

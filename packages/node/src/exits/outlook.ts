import type { ValidatorAnswer } from '@holdfast/beacon';
import { FAR_FUTURE_EPOCH } from '@holdfast/units';

/** What the chain would say to a voluntary exit now. */
export type ExitOutlook =
  | { readonly kind: 'unknown' }
  /** Not active yet; its activation epoch may not be known. */
  | { readonly kind: 'inactive' }
  | { readonly kind: 'early'; readonly epoch: number; readonly fromEpoch: number; readonly epochsLeft: number }
  | { readonly kind: 'possible'; readonly epoch: number }
  | { readonly kind: 'exiting' | 'exited'; readonly exitEpoch: number };

/**
 * Whether an exit would be taken (`process_voluntary_exit`, consensus-specs): the validator is active, has been for
 * `SHARD_COMMITTEE_PERIOD` epochs, does not leave yet, and the epoch that the exit names has come. Pending partial
 * withdrawals, which forbid it as well, only the beacon node knows of.
 *
 * @param asked the epoch to name; null: the validator's activation epoch, which all nodes read from the chain alike
 */
export function exitOutlook(
  answer: ValidatorAnswer | undefined,
  asked: number | null,
  currentEpoch: number,
  shardCommitteePeriod: number,
): ExitOutlook {
  if (!answer) return { kind: 'unknown' };
  const { activationEpoch, exitEpoch } = answer.validator;
  if (exitEpoch !== FAR_FUTURE_EPOCH) {
    return { kind: Number(exitEpoch) <= currentEpoch ? 'exited' : 'exiting', exitEpoch: Number(exitEpoch) };
  }
  if (activationEpoch === FAR_FUTURE_EPOCH || Number(activationEpoch) > currentEpoch) return { kind: 'inactive' };
  const epoch = asked ?? Number(activationEpoch);
  const fromEpoch = Math.max(epoch, Number(activationEpoch) + shardCommitteePeriod);
  if (fromEpoch > currentEpoch) return { kind: 'early', epoch, fromEpoch, epochsLeft: fromEpoch - currentEpoch };
  return { kind: 'possible', epoch };
}

/** For people. */
export function describeOutlook(outlook: ExitOutlook): string {
  switch (outlook.kind) {
    case 'unknown':
      return 'the chain does not know this validator: its deposit was not made, or not processed yet';
    case 'inactive':
      return 'the validator is not active yet';
    case 'early':
      return `the chain takes its exit from epoch ${outlook.fromEpoch} on: in ${count(outlook.epochsLeft, 'epoch')}`;
    case 'possible':
      return 'the chain takes its exit now';
    case 'exiting':
      return `it is leaving: its last epoch of duties is ${outlook.exitEpoch - 1}`;
    case 'exited':
      return `it has left, in epoch ${outlook.exitEpoch}`;
  }
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

import type { ClusterObserver } from '@holdfast/node';

export const nothing = (): void => undefined;

/** Nobody looks. */
export const SILENT: ClusterObserver = {
  decided: nothing,
  accused: nothing,
  forked: nothing,
  dropped: nothing,
  refused: nothing,
  culprit: nothing,
  offence: nothing,
  partial: nothing,
  peer: nothing,
  twin: nothing,
};

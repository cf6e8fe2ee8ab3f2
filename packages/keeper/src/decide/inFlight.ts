import type { ActionKind } from './action.ts';
import type { Observation } from './observation.ts';

/** Whether an action of that kind is on its way. */
export const isInFlight = ({ inFlight }: Observation, kind: ActionKind): boolean =>
  [...inFlight].some((key) => key === kind || key.startsWith(`${kind}:`));

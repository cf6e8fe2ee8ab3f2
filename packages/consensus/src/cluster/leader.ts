import type { InstanceId } from '../message.ts';
import { DUTY_CODES } from './duties.ts';

/**
 * Who proposes in a round: (slot + duty + round) mod n, so that every node leads in turn and n rounds meet every node.
 * Agreement does not depend on it; only progress does. A leader that is known to be dead costs no time: see the
 * input `suspect` of the agreement.
 */
export function leaderOf({ duty, slot }: InstanceId, round: number, n: number): number {
  return (slot + DUTY_CODES[duty] + round) % n;
}

import type { BeaconClient } from '@holdfast/beacon';
import type { Hex } from '@holdfast/units';
import type { Chain } from '../chain.ts';
import type { Clock } from '../clock.ts';
import type { Exits } from '../exits/Exits.ts';
import type { Cluster, DutyObserver } from './ports.ts';
import type { Registry } from './Registry.ts';
import type { Schedule } from './Schedule.ts';
import type { Tasks } from './tasks.ts';

/** What every duty works with. */
export interface DutyContext {
  readonly beacon: BeaconClient;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly cluster: Cluster;
  readonly tasks: Tasks;
  readonly registry: Registry;
  readonly schedule: Schedule;
  readonly observer: DutyObserver;
  /** Voluntary exits, in each slot beside the duties. */
  readonly exits?: Pick<Exits, 'slot'>;
  /** Where the fees of this cluster's blocks go: the pool's. */
  readonly feeRecipient: Hex;
  readonly gasLimit: bigint;
  /** 32 bytes. */
  readonly graffiti: Uint8Array;
}

/** An array of pairs, without those that have no second. */
export function both<A, B>(first: readonly A[], second: readonly (B | null)[]): (readonly [A, B])[] {
  return first.flatMap((one, at) => {
    const other = second[at];
    return other === null || other === undefined ? [] : [[one, other] as const];
  });
}

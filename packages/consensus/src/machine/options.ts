import type { Root } from '@holdfast/units';
import type { RoundSchedule } from '../cluster/schedule.ts';
import type { Authenticator, Cluster, InstanceId } from '../message.ts';
import type { Rules } from './rules.ts';

export interface AgreementOptions {
  readonly cluster: Cluster;
  readonly instance: InstanceId;
  readonly authenticator: Authenticator;
  readonly schedule: RoundSchedule;
  /**
   * External validity: whether a value may be decided at all, as this node sees it. Honest nodes should mostly agree, or
   * rounds pass in vain; `recheck` asks again. Must not throw and must not change the agreement.
   */
  readonly isValid: (value: Uint8Array) => boolean;
  readonly valueBytesMax: number;
  /** What this node had on disk: the last `persist` record of this instance, and the values kept beside it, by hash. */
  readonly restore?: Restore;
  /** For the simulator's mutants alone. */
  readonly rules?: Rules;
}

export interface Restore {
  readonly record: Uint8Array;
  readonly values: (hash: Root) => Uint8Array | undefined;
}

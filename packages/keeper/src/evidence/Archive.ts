import type { BeaconClient, VerifiedState } from '@holdfast/beacon';
import { within } from '../observe/deadline.ts';

/** States kept: a slashed validator's reference and recovery, and those of one more. */
const STATES_MAX = 4;

/** Old blocks with their states. One that arrives too late for a round serves a later one. */
export class Archive {
  private readonly states = new Map<number, Promise<VerifiedState>>();
  private readonly beaconClient: BeaconClient;
  private readonly timeoutMs: number;

  constructor(beaconClient: BeaconClient, timeoutMs: number) {
    this.beaconClient = beaconClient;
    this.timeoutMs = timeoutMs;
  }

  /** The block of a slot and its post-state. @throws KeeperTimeoutError when it takes longer than a round may */
  at(slot: number): Promise<VerifiedState> {
    let state = this.states.get(slot);
    if (state === undefined) {
      state = this.beaconClient.verifiedState(slot);
      this.states.set(slot, state);
      state.catch(() => this.states.delete(slot));
      const [oldest] = this.states.keys();
      if (this.states.size > STATES_MAX) this.states.delete(oldest!);
    }
    return within(this.timeoutMs, 'reading an old state', state);
  }
}

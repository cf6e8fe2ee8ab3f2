import type { Action } from '../decide/action.ts';

/** Since when each action is wanted without a break, so that a keeper on standby knows what the first one left undone. */
export class Standby {
  private wantedSince = new Map<string, number>();
  private readonly slots: number;

  constructor(slots: number) {
    this.slots = slots;
  }

  /** Those of the wanted actions that were wanted for long enough. Call it each round with all that is wanted. */
  due(wanted: readonly Action[], slot: number): Action[] {
    const before = this.wantedSince;
    this.wantedSince = new Map(wanted.map(({ key }) => [key, before.get(key) ?? slot]));
    return wanted.filter(({ key }) => slot - this.wantedSince.get(key)! >= this.slots);
  }
}

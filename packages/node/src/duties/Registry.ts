import type { BeaconClient } from '@holdfast/beacon';
import { FAR_FUTURE_EPOCH, type Pubkey } from '@holdfast/units';

/** A validator of the cluster that the beacon chain knows. */
export interface Member {
  readonly pubkey: Pubkey;
  readonly index: number;
  /** Active, exiting or slashed-and-waiting ones have duties; pending and withdrawn ones have none. */
  readonly active: boolean;
  readonly slashed: boolean;
  /** Infinity while it is not known. */
  readonly activationEpoch: number;
  /** The first epoch in which it may have duties: a validator is told of its activation epochs before. */
  readonly dutiesFrom: number;
}

/** Which of the cluster's validators the chain knows, by index and by key. Refreshed once an epoch. */
export class Registry {
  readonly #beacon: BeaconClient;
  readonly #pubkeys: readonly Pubkey[];
  #members: ReadonlyMap<number, Member> = new Map();

  constructor(beacon: BeaconClient, pubkeys: readonly Pubkey[]) {
    this.#beacon = beacon;
    this.#pubkeys = pubkeys;
  }

  get active(): readonly Member[] {
    return [...this.#members.values()].filter(({ active }) => active);
  }

  /** Those that have duties in an epoch, which may be the next. */
  dueIn(epoch: number): readonly Member[] {
    return [...this.#members.values()].filter(({ dutiesFrom }) => dutiesFrom <= epoch);
  }

  /** Those that may sit in a sync committee: who leaves serves to the end of the period (altair, validator.md). */
  servingIn(epoch: number): readonly Member[] {
    return [...this.#members.values()].filter(({ activationEpoch }) => activationEpoch <= epoch);
  }

  /** One's own slashed: everything else stops too, for what made it can make the next (see Duties). */
  get slashed(): readonly Member[] {
    return [...this.#members.values()].filter(({ slashed }) => slashed);
  }

  at(index: number): Member | undefined {
    return this.#members.get(index);
  }

  async refresh(): Promise<void> {
    const answers = await this.#beacon.validators('head', { ids: this.#pubkeys });
    this.#members = new Map(
      answers.map(({ index, status, validator }) => {
        const active = status.startsWith('active');
        const { activationEpoch: activation, slashed, pubkey } = validator;
        const activationEpoch = activation === FAR_FUTURE_EPOCH ? Infinity : Number(activation);
        const dutiesFrom = active ? 0 : status.startsWith('pending') ? activationEpoch : Infinity;
        const member: Member = { pubkey, index, active, slashed, activationEpoch, dutiesFrom };
        return [index, member] as const;
      }),
    );
  }
}

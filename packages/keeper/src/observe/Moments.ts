import type { BeaconClient, VerifiedState } from '@holdfast/beacon';
import { momentAt, type ProvableMoment } from '@holdfast/pool';
import type { Root } from '@holdfast/units';
import { within } from './deadline.ts';

/** EIP-4788 forgets a root after 8,191 slots; a moment this much younger can still be proven when it lands. */
const MOMENT_SLOTS_MAX = 8_000;

/** The latest execution block: EIP-4788 gives `parentBeaconBlockRoot` for its timestamp. */
export interface Head {
  readonly slot: number;
  readonly timestamp: number;
  readonly parentBeaconBlockRoot: Root;
}

/**
 * The beacon states in use: the youngest that contracts can be shown, and the one of the checkpoint in progress. A state
 * is large, so none is fetched twice, and one that arrives too late for a round serves the next.
 */
export class Moments {
  private moment: ProvableMoment | null = null;
  private fetching: Promise<ProvableMoment> | null = null;
  private checkpoint: { readonly root: Root; readonly state: Promise<VerifiedState> } | null = null;

  private readonly beaconClient: BeaconClient;
  private readonly timeoutMs: number;
  private readonly everySlots: number;

  constructor(
    beaconClient: BeaconClient,
    options: { readonly beaconTimeoutMs: number; readonly stateEverySlots: number },
  ) {
    this.beaconClient = beaconClient;
    this.timeoutMs = options.beaconTimeoutMs;
    this.everySlots = options.stateEverySlots;
  }

  /**
   * A moment that can be proven now: the last one while it is young enough, else a new one.
   *
   * @param onStale told why there is no newer one when an older one has to do
   * @throws the failure of the beacon nodes, when there is no moment at all
   */
  async current(head: Head, onStale: (reason: unknown) => void): Promise<ProvableMoment> {
    const known = this.moment;
    const age = known === null ? Number.POSITIVE_INFINITY : head.slot - known.header.slot;
    if (known && age >= 0 && (age <= this.everySlots || known.root === head.parentBeaconBlockRoot)) return known;
    try {
      return await within(this.timeoutMs, 'reading the beacon state', this.fetch(head));
    } catch (error) {
      if (known === null || age < 0 || age >= MOMENT_SLOTS_MAX) throw error;
      onStale(error);
      return known;
    }
  }

  /** The post-state of the block that a checkpoint froze. */
  async checkpointState(root: Root): Promise<VerifiedState> {
    if (this.checkpoint?.root !== root) {
      const state = this.beaconClient.verifiedState(root);
      this.checkpoint = { root, state };
      state.catch(() => {
        if (this.checkpoint?.state === state) this.checkpoint = null;
      });
    }
    return within(this.timeoutMs, "reading the checkpoint's state", this.checkpoint.state);
  }

  private fetch({ timestamp, parentBeaconBlockRoot: root }: Head): Promise<ProvableMoment> {
    // One at a time: a node that is slower than the chain is not asked for a state more each slot.
    if (this.fetching !== null) return this.fetching;
    const moment = momentAt(this.beaconClient, timestamp, root).then((fetched) => {
      this.moment = fetched;
      return fetched;
    });
    this.fetching = moment;
    moment
      .catch(() => undefined)
      .finally(() => {
        this.fetching = null;
      });
    return moment;
  }
}

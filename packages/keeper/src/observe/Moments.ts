import type { BeaconClient, VerifiedState } from '@holdfast/beacon';
import { type ProvableMoment, provableMoment } from '@holdfast/pool';
import type { Root } from '@holdfast/units';
import type { PublicClient } from 'viem';
import { within } from './deadline.ts';

/** EIP-4788 forgets a root after 8,191 slots; a moment this much younger can still be proven when it lands. */
const MOMENT_SLOTS_MAX = 8_000;

/**
 * The beacon states in use: the youngest that contracts can be shown, and the one of the checkpoint in progress. A state
 * is large, so none is fetched twice, and one that arrives too late for a round serves the next.
 */
export class Moments {
  private moment: ProvableMoment | null = null;
  private fetching: Promise<ProvableMoment> | null = null;
  private checkpoint: { readonly root: Root; readonly state: Promise<VerifiedState> } | null = null;

  private readonly clients: { readonly beaconClient: BeaconClient; readonly publicClient: PublicClient };
  private readonly timeoutMs: number;
  private readonly everySlots: number;

  constructor(
    clients: { readonly beaconClient: BeaconClient; readonly publicClient: PublicClient },
    options: { readonly beaconTimeoutMs: number; readonly stateEverySlots: number },
  ) {
    this.clients = clients;
    this.timeoutMs = options.beaconTimeoutMs;
    this.everySlots = options.stateEverySlots;
  }

  /**
   * A moment that can be proven now: the last one while it is young enough, else a new one.
   *
   * @param onStale told why there is no newer one when an older one has to do
   * @throws the failure of the beacon nodes, when there is no moment at all
   */
  async current(slot: number, onStale: (reason: unknown) => void): Promise<ProvableMoment> {
    const known = this.moment;
    if (known && slot >= known.header.slot && slot - known.header.slot <= this.everySlots) return known;
    try {
      return await within(this.timeoutMs, 'reading the beacon state', this.fetch());
    } catch (error) {
      const usable = known !== null && slot >= known.header.slot && slot - known.header.slot < MOMENT_SLOTS_MAX;
      if (!usable) throw error;
      onStale(error);
      return known;
    }
  }

  /** The post-state of the block that a checkpoint froze. */
  async checkpointState(root: Root): Promise<VerifiedState> {
    if (this.checkpoint?.root !== root) {
      const state = this.clients.beaconClient.verifiedState(root);
      this.checkpoint = { root, state };
      state.catch(() => {
        if (this.checkpoint?.state === state) this.checkpoint = null;
      });
    }
    return within(this.timeoutMs, "reading the checkpoint's state", this.checkpoint.state);
  }

  private fetch(): Promise<ProvableMoment> {
    if (this.fetching === null) {
      const fetching = provableMoment(this.clients)
        .then((moment) => {
          this.moment = moment;
          return moment;
        })
        .finally(() => {
          if (this.fetching === fetching) this.fetching = null;
        });
      this.fetching = fetching;
      fetching.catch(() => undefined);
    }
    return this.fetching;
  }
}

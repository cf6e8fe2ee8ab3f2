import type { Devnet } from '@holdfast/devnet';
import { epochOf, SLOTS_PER_EPOCH } from './PoolChain.ts';

export interface EpochRow {
  readonly epoch: number;
  /** Which of the validators voted, in their order. */
  readonly live: readonly boolean[];
  /** When it was over. */
  readonly finalizedEpoch: number;
  /** How late the chain itself was at most in this epoch, in milliseconds: a machine that has no time for its chain. */
  readonly lateMs: number;
}

/** A vote is worth something until the epoch after is well on its way. */
const LOOK_AT = 3;

/** What became of each epoch, as the Beacon API tells it while it knows. */
export class EpochLog {
  readonly rows: EpochRow[] = [];
  readonly #devnet: Devnet;
  readonly #beaconUrl: string;
  readonly #indices: readonly number[];
  readonly #lateMs = new Map<number, number>();
  readonly #stop: () => void;

  constructor(devnet: Devnet, beaconUrl: string, indices: readonly number[]) {
    this.#devnet = devnet;
    this.#beaconUrl = beaconUrl;
    this.#indices = indices;
    this.#stop = devnet.on((event) => {
      if (event.kind !== 'phase' || event.phase !== 'propose') return;
      const { slot } = event;
      const epoch = epochOf(slot);
      const slotMs = devnet.config.SLOT_DURATION_MS;
      const lateMs = Math.max(0, Date.now() - (devnet.genesisTime * 1000 + slot * slotMs));
      this.#lateMs.set(epoch, Math.max(lateMs, this.#lateMs.get(epoch) ?? 0));
      if (slot % SLOTS_PER_EPOCH === LOOK_AT) void this.#look(epoch - 1);
    });
  }

  close(): void {
    this.#stop();
  }

  /** Resolves when the epoch is over and was looked at. */
  async row(epoch: number): Promise<EpochRow> {
    for (;;) {
      const row = this.rows.find((each) => each.epoch === epoch);
      if (row) return row;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The first epoch, from this one on, in which all of them voted. @throws when there is none among so many */
  async whole(epoch: number, within = 4): Promise<number> {
    for (let each = epoch; each < epoch + within; each += 1) {
      if (!(await this.row(each)).live.includes(false)) return each;
    }
    throw new Error(`in none of the epochs ${epoch} to ${epoch + within - 1} all of them voted`);
  }

  async #look(epoch: number): Promise<void> {
    const response = await fetch(`${this.#beaconUrl}/eth/v1/validator/liveness/${epoch}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.#indices.map(String)),
    });
    const { data } = (await response.json()) as { data: { is_live: boolean }[] };
    this.rows.push({
      epoch,
      live: data.map(({ is_live }) => is_live),
      finalizedEpoch: this.#devnet.status().finalizedEpoch,
      lateMs: this.#lateMs.get(epoch) ?? 0,
    });
  }
}

import type { Devnet, SlotPhase } from '@holdfast/devnet';
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
const PHASES: readonly SlotPhase[] = ['propose', 'attest', 'aggregate'];

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
      if (event.kind !== 'phase') return;
      const { slot, phase } = event;
      const epoch = epochOf(slot);
      const slotMs = devnet.config.SLOT_DURATION_MS;
      const lateMs = Date.now() - (devnet.genesisTime * 1000 + (slot + PHASES.indexOf(phase) / PHASES.length) * slotMs);
      this.#lateMs.set(epoch, Math.max(Math.round(lateMs), this.#lateMs.get(epoch) ?? 0));
      if (phase === 'propose' && slot % SLOTS_PER_EPOCH === LOOK_AT) void this.#look(epoch - 1);
    });
  }

  close(): void {
    this.#stop();
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

import type { AttesterDuty, BeaconClient, ProposerDuty, SyncDuty } from '@holdfast/beacon';
import { EPOCHS_PER_SYNC_COMMITTEE_PERIOD, SLOTS_PER_EPOCH } from '@lodestar/params';
import type { Registry } from './Registry.ts';

interface EpochDuties {
  readonly attesters: readonly AttesterDuty[];
  readonly attestersRoot: string;
  readonly proposers: readonly ProposerDuty[];
  readonly proposersRoot: string;
  readonly sync: readonly SyncDuty[];
}

/**
 * Who has what to do when. Attesters are known an epoch ahead, proposers and sync committees at the epoch's start.
 * Duties hang on a block (`dependent_root`): they are asked for again each epoch and after each reorganisation.
 */
export class Schedule {
  readonly #beacon: BeaconClient;
  readonly #registry: Registry;
  readonly #epochs = new Map<number, EpochDuties>();

  constructor(beacon: BeaconClient, registry: Registry) {
    this.#beacon = beacon;
    this.#registry = registry;
  }

  /** Loads the duties of an epoch anew and forgets old ones. */
  async load(epoch: number): Promise<void> {
    const due = new Set(this.#registry.dueIn(epoch).map(({ index }) => index));
    const serving = new Set(this.#registry.servingIn(epoch).map(({ index }) => index));
    const ours = ({ validatorIndex }: { readonly validatorIndex: number }): boolean => due.has(validatorIndex);
    const api = this.#beacon.validatorApi;
    const [attesters, proposers, sync] = await Promise.all([
      api.attesterDuties(epoch, [...due]),
      api.proposerDuties(epoch),
      api.syncDuties(epoch, [...serving]),
    ]);
    this.#epochs.set(epoch, {
      attesters: attesters.duties.filter(ours),
      attestersRoot: attesters.dependentRoot,
      proposers: proposers.duties.filter(ours),
      proposersRoot: proposers.dependentRoot,
      sync: sync.filter(({ validatorIndex }) => serving.has(validatorIndex)),
    });
    for (const old of this.#epochs.keys()) if (old < epoch - 1) this.#epochs.delete(old);
  }

  has(epoch: number): boolean {
    return this.#epochs.has(epoch);
  }

  attestersIn(epoch: number): readonly AttesterDuty[] {
    return this.#epochs.get(epoch)?.attesters ?? [];
  }

  /** Of those in the sync committee, which is one for a whole period. */
  syncIn(epoch: number): readonly SyncDuty[] {
    return this.#epochs.get(epoch)?.sync ?? [];
  }

  attestersAt(slot: number): AttesterDuty[] {
    return this.#of(slot).attesters.filter((duty) => duty.slot === slot);
  }

  proposersAt(slot: number): ProposerDuty[] {
    return this.#of(slot).proposers.filter((duty) => duty.slot === slot);
  }

  /** A sync committee message for slot n is signed for the committee of slot n + 1 (altair, validator.md). */
  syncAt(slot: number): SyncDuty[] {
    const next = Math.floor((slot + 1) / SLOTS_PER_EPOCH);
    const samePeriod =
      Math.floor(next / EPOCHS_PER_SYNC_COMMITTEE_PERIOD) ===
      Math.floor(Math.floor(slot / SLOTS_PER_EPOCH) / EPOCHS_PER_SYNC_COMMITTEE_PERIOD);
    return [...(samePeriod ? this.#of(slot).sync : this.#of(slot + 1).sync)];
  }

  #of(slot: number): EpochDuties {
    const none = { attesters: [], attestersRoot: '', proposers: [], proposersRoot: '', sync: [] };
    return this.#epochs.get(Math.floor(slot / SLOTS_PER_EPOCH)) ?? none;
  }
}

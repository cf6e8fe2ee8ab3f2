import { BeaconClient, type ValidatorAnswer } from '@holdfast/beacon';
import type { PoolManifest, ValidatorSnapshot } from '@holdfast/pool';
import { asPubkey } from '@holdfast/units';
import type { BeaconView } from '../../shared/state.ts';
import { WrongNetwork } from './HealthBox.ts';
import { findSlashing, type Sighting } from './sighting.ts';

const FAR_FUTURE_EPOCH = 2n ** 64n - 1n;
/** Validators asked for at once. */
const BATCH = 512;
const TIMEOUT_MS = 4_000;

/** Follows the pool's validators as a beacon node tells them: unproven, and shown as that. */
export class BeaconReader {
  readonly client: BeaconClient;
  views = new Map<string, BeaconView>();
  finalizedEpoch: number | null = null;
  /** Slashings found in beacon blocks, by validator index. */
  readonly sightings = new Map<number, Sighting>();
  readonly #manifest: PoolManifest;
  readonly #searched = new Map<number, number>();
  #checked = false;
  #vectorEpochs: number | null = null;

  constructor(manifest: PoolManifest, beaconUrl: string) {
    this.#manifest = manifest;
    this.client = new BeaconClient({ urls: [beaconUrl], roundsMax: 1, timeoutMs: TIMEOUT_MS });
  }

  async refresh(validators: readonly ValidatorSnapshot[], headSlot: number): Promise<void> {
    await this.#requireChain();
    const [finality, answers] = await Promise.all([this.client.finalityCheckpoints('head'), this.#ask(validators)]);
    this.finalizedEpoch = finality.finalized.epoch;
    this.views = new Map(answers.map((answer) => [answer.validator.pubkey.toLowerCase(), viewOf(answer)]));
    for (const answer of answers) {
      if (answer.validator.slashed && !this.sightings.has(answer.index)) await this.#search(answer, headSlot);
    }
  }

  async #requireChain(): Promise<void> {
    if (this.#checked) return;
    const { genesisValidatorsRoot } = await this.client.genesis();
    if (genesisValidatorsRoot.toLowerCase() !== this.#manifest.facts.genesisValidatorsRoot.toLowerCase()) {
      throw new WrongNetwork('The beacon node is of another network than the pool');
    }
    const { values } = await this.client.spec();
    this.#vectorEpochs = Number(values.EPOCHS_PER_SLASHINGS_VECTOR);
    this.#checked = true;
  }

  async #ask(validators: readonly ValidatorSnapshot[]): Promise<ValidatorAnswer[]> {
    const ids = validators.map(({ pubkey }) => asPubkey(pubkey));
    const answers: ValidatorAnswer[] = [];
    for (let from = 0; from < ids.length; from += BATCH) {
      answers.push(...(await this.client.validators('head', { ids: ids.slice(from, from + BATCH) })));
    }
    return answers;
  }

  /**
   * `slash_validator` sets the withdrawable epoch to the epoch of the slashing + EPOCHS_PER_SLASHINGS_VECTOR, unless the
   * exit queue is longer than that; so the block is at most that old.
   */
  async #search({ index, validator }: ValidatorAnswer, headSlot: number): Promise<void> {
    const slotsPerEpoch = Number(this.#manifest.facts.clock.slotsPerEpoch);
    const epoch = Number(validator.withdrawableEpoch) - this.#vectorEpochs!;
    const searched = this.#searched.get(index);
    const from = searched === undefined ? Math.max(0, epoch * slotsPerEpoch) : searched + 1;
    const to = Math.min(headSlot, from + slotsPerEpoch - 1);
    const sighting = await findSlashing(this.client, index, { from, to });
    if (sighting) this.sightings.set(index, sighting);
    else if (to >= from) this.#searched.set(index, to);
  }
}

const epochOf = (epoch: bigint): number | null => (epoch === FAR_FUTURE_EPOCH ? null : Number(epoch));

const viewOf = ({ status, balance, validator }: ValidatorAnswer): BeaconView => ({
  status,
  balanceGwei: balance.toString(),
  effectiveGwei: validator.effectiveBalance.toString(),
  slashed: validator.slashed,
  activationEpoch: epochOf(validator.activationEpoch),
  exitEpoch: epochOf(validator.exitEpoch),
  withdrawableEpoch: epochOf(validator.withdrawableEpoch),
});

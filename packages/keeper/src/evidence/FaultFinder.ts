import { type BeaconClient, type HeaderAnswer, type LoadedState, validatorFields } from '@holdfast/beacon';
import { KeeperEvidenceError } from '../errors.ts';
import { blockAfter, blockUpTo } from './blocks.ts';

export interface FaultSearch {
  readonly ordinal: number;
  readonly index: number;
  /** A slot at which it was certainly not slashed: that of its funding. */
  readonly fromSlot: number;
  /** A state in which it is slashed. */
  readonly slashedIn: LoadedState;
  readonly slotsPerEpoch: number;
  readonly slashingsVectorEpochs: number;
}

/**
 * Finds the last block before the one that slashed a validator: the youngest state that can serve as the reference of
 * its loss. What nodes say of old states leads the search; the result is checked against the states themselves.
 */
export class FaultFinder {
  private readonly beaconClient: BeaconClient;
  private readonly found = new Map<number, Promise<number>>();

  constructor(beaconClient: BeaconClient) {
    this.beaconClient = beaconClient;
  }

  /** The slot of that block. Found once, remembered; a search under way is not begun again. */
  referenceSlot(search: FaultSearch): Promise<number> {
    let slot = this.found.get(search.ordinal);
    if (slot === undefined) {
      slot = this.find(search);
      this.found.set(search.ordinal, slot);
      slot.catch(() => this.found.delete(search.ordinal));
    }
    return slot;
  }

  private async find(search: FaultSearch): Promise<number> {
    let [clean, slashed] = await this.bounds(search);
    // Invariant: not slashed after the last block up to `clean`, slashed after the last one up to `slashed`.
    while (slashed - clean > 1) {
      const middle = Math.floor((clean + slashed) / 2);
      if (await this.isSlashedBy(search.index, middle)) slashed = middle;
      else clean = middle;
    }
    const before = await blockUpTo(this.beaconClient, clean);
    const after = await blockAfter(this.beaconClient, before.header.slot, slashed);
    await this.check(search.index, before, after);
    return before.header.slot;
  }

  /**
   * slash_validator sets the withdrawable epoch to that of the slashing plus EPOCHS_PER_SLASHINGS_VECTOR, or leaves a
   * later one: mostly the epoch is known at once. The search costs one question more when it is not.
   */
  private async bounds(search: FaultSearch): Promise<[clean: number, slashed: number]> {
    const { index, fromSlot, slashedIn, slotsPerEpoch, slashingsVectorEpochs } = search;
    const { withdrawableEpoch } = validatorFields(slashedIn, index);
    const epochStart = (Number(withdrawableEpoch) - slashingsVectorEpochs) * slotsPerEpoch;
    const clean = Math.max(fromSlot, epochStart - 1);
    const slashed = Math.min(slashedIn.slot, epochStart + slotsPerEpoch - 1);
    const right =
      clean < slashed && !(await this.isSlashedBy(index, clean)) && (await this.isSlashedBy(index, slashed));
    return right ? [clean, slashed] : [fromSlot, slashedIn.slot];
  }

  private async isSlashedBy(index: number, slot: number): Promise<boolean> {
    const { header } = await blockUpTo(this.beaconClient, slot);
    const [validator] = await this.beaconClient.validators(header.stateRoot, { ids: [index] });
    return validator?.validator.slashed ?? false;
  }

  private async check(index: number, before: HeaderAnswer, after: HeaderAnswer): Promise<void> {
    const [clean, slashed] = await Promise.all([
      this.beaconClient.verifiedState(before.root),
      this.beaconClient.verifiedState(after.root),
    ]);
    const holds =
      after.header.parentRoot === before.root &&
      !validatorFields(clean.state, index).slashed &&
      validatorFields(slashed.state, index).slashed;
    if (holds) return;
    throw new KeeperEvidenceError('the nodes led to a block that did not slash the validator', {
      data: { index, before: before.header.slot, after: after.header.slot },
      fix: 'Another node may tell the truth; the search begins anew',
    });
  }
}

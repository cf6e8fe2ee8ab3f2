import type { BeaconClient } from '@holdfast/beacon';
import { ABIS, type Pool, type PoolSnapshot, type ProvableMoment, type ValidatorSnapshot } from '@holdfast/pool';
import { keyOf } from '../decide/action.ts';
import type { SlashingFacts } from '../decide/observation.ts';
import { FaultFinder } from '../evidence/FaultFinder.ts';
import { WithdrawalScan } from '../evidence/WithdrawalScan.ts';
import type { ResolvedOptions } from '../options.ts';
import { within } from './deadline.ts';

/** Looks for the evidence that settlements rest on: the block before each fault, and what came back since. */
export class SlashingWatch {
  private readonly pool: Pool;
  private readonly options: ResolvedOptions;
  private readonly faults: FaultFinder;
  private readonly scan: WithdrawalScan;
  /** Indices of withdrawals that the enforcer has seen; they never become unseen. */
  private readonly proven = new Set<number>();
  private readonly useless = new Set<string>();

  constructor(pool: Pool, beaconClient: BeaconClient, options: ResolvedOptions) {
    this.pool = pool;
    this.options = options;
    this.faults = new FaultFinder(beaconClient);
    this.scan = new WithdrawalScan({
      publicClient: pool.publicClient,
      vault: pool.manifest.addresses.vault,
      slotOf: (timestamp) => this.slotOf(timestamp),
      blocksPerRound: options.scanBlocksPerRound,
    });
  }

  /** The enforcer refused this for good: it is proven already, or lowers nothing. */
  refused(key: string): void {
    this.useless.add(key);
  }

  /** @param onTrouble told why something could not be found for a validator; the others go on */
  async facts(
    snapshot: PoolSnapshot,
    moment: ProvableMoment,
    onTrouble: (error: unknown) => void,
  ): Promise<Map<number, SlashingFacts>> {
    const slashed = snapshot.validators.filter(({ status }) => status === 'slashed');
    const facts = new Map<number, SlashingFacts>();
    if (slashed.length === 0) return facts;
    const searched = await this.search(snapshot, moment, slashed).catch((error) => {
      onTrouble(error);
      return false;
    });
    for (const validator of slashed) {
      const referenceSlot = await this.referenceSlot(validator, moment).catch((error) => {
        onTrouble(error);
        return null;
      });
      const known = referenceSlot !== null || validator.slashing!.referenceSlot > 0;
      const unprovenWithdrawals = this.withdrawalsOf(validator, moment.header.slot);
      facts.set(validator.ordinal, {
        searched: searched && known,
        referenceSlot: this.isUseless('proveReference', validator.ordinal, referenceSlot) ? null : referenceSlot,
        unprovenWithdrawals,
      });
    }
    return facts;
  }

  private async referenceSlot(validator: ValidatorSnapshot, moment: ProvableMoment): Promise<number> {
    const { facts, config } = this.pool.manifest;
    const search = this.faults.referenceSlot({
      ordinal: validator.ordinal,
      index: validator.index,
      fromSlot: validator.depositSlot,
      slashedIn: moment.state,
      slotsPerEpoch: Number(facts.clock.slotsPerEpoch),
      slashingsVectorEpochs: Number(config.slashing.slashingsVectorEpochs),
    });
    return within(this.options.beaconTimeoutMs, 'looking for a fault', search);
  }

  private withdrawalsOf(validator: ValidatorSnapshot, provenSlot: number): SlashingFacts['unprovenWithdrawals'] {
    return this.scan
      .of(validator.index, this.withdrawableSlot(validator))
      .filter(({ withdrawalIndex, slot }) => slot <= provenSlot && !this.proven.has(withdrawalIndex))
      .filter(({ withdrawalIndex, slot }) => {
        const { ordinal } = validator;
        return !this.useless.has(keyOf({ kind: 'proveRecovery', ordinal, slot, withdrawalIndex }));
      });
  }

  private isUseless(kind: 'proveReference', ordinal: number, slot: number | null): boolean {
    return slot !== null && this.useless.has(keyOf({ kind, ordinal, slot }));
  }

  /** Goes through the blocks since the first of them could be swept. */
  private async search(
    { block }: PoolSnapshot,
    moment: ProvableMoment,
    slashed: readonly ValidatorSnapshot[],
  ): Promise<boolean> {
    const fromSlot = Math.min(...slashed.map((validator) => this.withdrawableSlot(validator)));
    if (fromSlot > moment.header.slot) return true;
    const whole = await this.scan.extend(block.number, fromSlot);
    if (slashed.some((validator) => this.withdrawalsOf(validator, moment.header.slot).length > 0)) {
      await this.learnProven(block.number);
    }
    return whole;
  }

  private async learnProven(toBlock: bigint): Promise<void> {
    const { addresses, block: fromBlock } = this.pool.manifest;
    const events = await this.pool.publicClient.getContractEvents({
      address: addresses.enforcer,
      abi: ABIS.enforcer,
      eventName: 'RecoveryProven',
      ...{ fromBlock, toBlock, strict: true },
    });
    for (const { args } of events) this.proven.add(Number(args.withdrawalIndex));
  }

  private withdrawableSlot({ slashing }: ValidatorSnapshot): number {
    return slashing!.withdrawableEpoch * Number(this.pool.manifest.facts.clock.slotsPerEpoch);
  }

  private slotOf(timestamp: bigint): number {
    const { genesisTime, secondsPerSlot } = this.pool.manifest.facts.clock;
    return Number((timestamp - genesisTime) / secondsPerSlot);
  }
}

import { validatorLedgerAbi } from '@holdfast/pool';
import { type CheckpointRow, truthOf } from './truth.ts';
import type { World } from './world.ts';

/** Holds every finished checkpoint against the beacon chain's truth, as soon as it is finished. */
export class CheckpointWatch {
  readonly rows: CheckpointRow[] = [];
  readonly #world: World;
  #nextBlock: bigint;

  constructor(world: World) {
    this.#world = world;
    this.#nextBlock = world.manifest.block;
  }

  /** After each slot. */
  async look(): Promise<void> {
    const { publicClient, manifest, devnet, say } = this.#world;
    const latest = await publicClient.getBlockNumber({ cacheTime: 0 });
    if (latest < this.#nextBlock) return;
    const events = await publicClient.getContractEvents({
      address: manifest.addresses.ledger,
      abi: validatorLedgerAbi,
      eventName: 'CheckpointFinished',
      fromBlock: this.#nextBlock,
      toBlock: latest,
    });
    this.#nextBlock = latest + 1n;
    for (const { args, blockNumber, logIndex } of events) {
      const finished = { slot: args.slot!, nav: args.nav!, block: blockNumber, logIndex };
      const row = await truthOf({ devnet, client: publicClient, manifest }, finished);
      this.rows.push(row);
      const slashings =
        row.slashingsGwei === 0n ? '' : `; slashings valued ${row.slashingsGwei} gwei over their balances`;
      say(
        `    checkpoint at slot ${row.slot}: NAV ${row.navGwei} gwei, truth ${row.truthGwei}, difference ${row.diffWei} wei${slashings}`,
      );
    }
  }
}

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createEdrExecution, Devnet, interopValidators, type RpcServer, serveJsonRpc } from '@holdfast/devnet';
import { jsonLog, type Keeper } from '@holdfast/keeper';
import { deposit, fundReserve, type PoolManifest, stringifyManifest } from '@holdfast/pool';
import { type Hex, type Pubkey, parseEth } from '@holdfast/units';
import { type Cast, makeCast } from '../../../src/commands/up/cast.ts';
import { Stage } from '../../../src/commands/up/Stage.ts';
import { deploy, live, makeKeeper } from '../../../src/commands/up/story.ts';
import { Witness } from '../witness.ts';

const SLOT_SECONDS = 1;
export const SLOTS_PER_EPOCH = 8;
const SLOT_MS = SLOT_SECONDS * 1000;

export const epochOf = (slot: number): number => Math.floor(slot / SLOTS_PER_EPOCH);

export interface PoolChainOptions {
  /** At genesis; the devnet does their duties. */
  readonly validators: number;
  /** How far back genesis lies: what may pass at once before the chain meets the clock. */
  readonly slotsBehind: number;
}

/** A pool on a devnet, whose time is stepped until `goLive`, and the wall clock's from then on. */
export class PoolChain {
  readonly stage: Stage;
  readonly cast: Cast;
  readonly manifest: PoolManifest;
  /** The manifest's file. */
  readonly pool: string;
  readonly rpcUrl: string;
  /** The Beacon API; what validator clients publish goes by the witness. */
  readonly beaconUrl: string;
  readonly witness: Witness;
  readonly keeper: Keeper;
  readonly #closing: readonly (() => Promise<unknown>)[];

  private constructor(
    stage: Stage,
    cast: Cast,
    manifest: PoolManifest,
    cwd: string,
    rpc: RpcServer,
    beaconUrl: string,
    witness: Witness,
  ) {
    this.stage = stage;
    this.cast = cast;
    this.manifest = manifest;
    this.pool = join(cwd, 'pool.json');
    writeFileSync(this.pool, stringifyManifest(manifest));
    this.rpcUrl = rpc.url;
    this.beaconUrl = beaconUrl;
    this.witness = witness;
    const log = jsonLog((line) => appendFileSync(join(cwd, 'keeper.log'), line));
    this.keeper = makeKeeper(stage, cast.keeper.privateKey, manifest, log);
    this.#closing = [() => this.keeper.stop(), () => witness.close(), () => rpc.close(), () => stage.devnet.close()];
  }

  static async create(cwd: string, { validators, slotsBehind }: PoolChainOptions): Promise<PoolChain> {
    const genesisTime = Math.floor(Date.now() / 1000) - slotsBehind * SLOT_SECONDS;
    const execution = await createEdrExecution({ genesisTime, secondsPerSlot: SLOT_SECONDS });
    const devnet = await Devnet.create({ execution, validators, secondsPerSlot: SLOT_SECONDS });
    const rpc = await serveJsonRpc(execution);
    const { url } = await devnet.listen();
    const witness = await Witness.before(url);
    const stage = new Stage(devnet, url, new AbortController().signal);
    const cast = makeCast(3, 0);
    const manifest = await deploy(stage, cast, () => undefined);
    return new PoolChain(stage, cast, manifest, cwd, rpc, url, witness);
  }

  get devnet(): Devnet {
    return this.stage.devnet;
  }

  /** The key of a validator that has been there from the beginning. */
  get genesisSecret(): Uint8Array {
    return interopValidators(1)[0]!.secretKey;
  }

  /** Stakers bring what these many validators need, and somewhat more. */
  async stake(validators: number): Promise<void> {
    const { stage, manifest, cast } = this;
    const [staker] = cast.stakers;
    const pool = stage.poolAs(manifest, staker!);
    await stage.during(deposit(pool, { assets: parseEth(`${validators * 33}`), receiver: staker!.address }));
    await stage.during(fundReserve(stage.poolAs(manifest, cast.deployer), { amount: parseEth('2') }));
  }

  /**
   * Lets time pass, the keeper keeping, until it is known when they become active, and the first of them is about to.
   * Returns the epoch in which all of them are.
   */
  async keepUntilEveOf(pubkeys: readonly Pubkey[]): Promise<number> {
    const { stage, keeper, devnet } = this;
    const activations = (): number[] =>
      pubkeys.map((pubkey) => {
        const index = devnet.indexOf(pubkey);
        return index === null ? Infinity : devnet.state.validators.getReadonly(index).activationEpoch;
      });
    await live(stage, keeper, async () => {
      const epochs = activations();
      return Math.max(...epochs) < Infinity && devnet.epoch + 1 >= Math.min(...epochs);
    });
    return Math.max(...activations());
  }

  /** Lets the chain and the clock meet: the chain waits where it is ahead, and hurries where it is behind. */
  async goLive(): Promise<void> {
    const { devnet } = this;
    const startMs = (slot: number): number => devnet.genesisTime * 1000 + slot * SLOT_MS;
    while (startMs(devnet.slot + 1) < Date.now()) await devnet.step();
    await sleep(Math.max(0, startMs(devnet.slot) - Date.now()));
    devnet.start();
  }

  /** By the wall clock. */
  get slotNow(): number {
    return Math.floor((Date.now() / 1000 - this.devnet.genesisTime) / SLOT_SECONDS);
  }

  async untilSlot(slot: number): Promise<void> {
    await sleep(Math.max(0, (this.devnet.genesisTime + slot * SLOT_SECONDS) * 1000 - Date.now()));
  }

  async validator(
    index: number,
  ): Promise<{ readonly status: string; readonly slashed: boolean; readonly pubkey: Hex }> {
    const response = await fetch(`${this.beaconUrl}/eth/v1/beacon/states/head/validators/${index}`);
    const { data } = (await response.json()) as {
      data: { status: string; validator: { slashed: boolean; pubkey: Hex } };
    };
    return { status: data.status, slashed: data.validator.slashed, pubkey: data.validator.pubkey };
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
  }
}

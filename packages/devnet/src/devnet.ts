import { fromHex, type Hex, type Pubkey, toHex } from '@holdfast/units';
import type { BeaconConfig } from '@lodestar/config';
import { ACTIVE_PRESET, PresetName, SLOTS_PER_EPOCH } from '@lodestar/params';
import type { phase0 } from '@lodestar/types';
import { type BeaconServer, type ListenOptions, serveBeaconApi } from './beacon-api/server.ts';
import type { Tamper } from './beacon-api/tamper.ts';
import { indexOf } from './consensus/attest.ts';
import { BeaconChain, type ChainMark } from './consensus/chain.ts';
import { devnetChainConfig } from './consensus/chain-config.ts';
import type { ChainEvent, SlotPhase, SlotResult } from './consensus/events.ts';
import type { Fault, ValidatorRefs } from './consensus/faults.ts';
import { interopValidators, makeGenesisState } from './consensus/genesis.ts';
import { ValidatorKeys } from './consensus/keys.ts';
import { requireInjectable } from './consensus/second-signer.ts';
import type { DevnetState } from './consensus/types.ts';
import { DevnetError } from './errors.ts';
import { ExecutionUnsupportedError } from './execution/errors.ts';
import type { ExecutionPort } from './execution/port.ts';
import { Mutex } from './mutex.ts';
import type { DevnetOptions } from './options.ts';
import type { DutySigner } from './signing/port.ts';
import { exitRequest } from './signing/requests.ts';
import { DutyRoster } from './signing/roster.ts';
import { type DevnetStatus, nextDueMs, statusOf } from './status.ts';
import { SlotTimer } from './timer.ts';

const DEFAULT_VALIDATORS = 64;
const DEFAULT_FEE_RECIPIENT: Hex = '0x00000000000000000000000000000000000fee00';
const DEFAULT_BLOCKS_KEPT = 16_384;
const DEFAULT_STATES_KEPT = 8_192;

/** Both layers at one moment, taken by `snapshot` and given back to `restore`, as often as wanted. */
export interface DevnetSnapshot {
  readonly slot: number;
  readonly chain: ChainMark;
  readonly executionMark: string;
}

/** A beacon chain of real state transitions over an execution layer, driven slot by slot. See the package's index. */
export class Devnet {
  readonly config: BeaconConfig;
  readonly execution: ExecutionPort;
  /** Seconds since 1970 of slot 0. */
  readonly genesisTime: number;
  /** Who performs whose duties. */
  readonly roster: DutyRoster;
  readonly #chain: BeaconChain;
  readonly #mutex = new Mutex();
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  readonly #timer: SlotTimer;
  #server: BeaconServer | null = null;
  #tamper: Tamper | null = null;
  #dutiesMissed = 0;

  private constructor(options: DevnetOptions, genesis: { config: BeaconConfig; state: DevnetState }) {
    this.config = genesis.config;
    this.execution = options.execution;
    this.genesisTime = genesis.state.genesisTime;
    this.roster = new DutyRoster(new ValidatorKeys());
    this.#chain = new BeaconChain({
      config: genesis.config,
      genesis: genesis.state,
      execution: options.execution,
      roster: this.roster,
      feeRecipient: options.feeRecipient ?? DEFAULT_FEE_RECIPIENT,
      limits: {
        blocks: options.blocksKept ?? DEFAULT_BLOCKS_KEPT,
        states: options.statesKept ?? DEFAULT_STATES_KEPT,
      },
      emit: (event) => {
        if (event.kind === 'duty_missed') this.#dutiesMissed += 1;
        for (const listener of this.#listeners) listener(event);
      },
    });
    this.#timer = new SlotTimer(
      () => this.#tick(),
      () => nextDueMs(this.#chain, this.genesisTime),
    );
  }

  static async create(options: DevnetOptions): Promise<Devnet> {
    if (ACTIVE_PRESET !== PresetName.minimal) {
      throw new DevnetError('DEVNET_WRONG_PRESET', 'the devnet runs the minimal preset', {
        data: { preset: ACTIVE_PRESET },
        fix: 'Start the process with LODESTAR_PRESET=minimal',
      });
    }
    const executionHead = await options.execution.head();
    const now = () => Math.floor(Date.now() / 1000);
    const genesisTime = options.genesisTime === 'now' ? now() : (options.genesisTime ?? executionHead.timestamp);
    if (genesisTime < executionHead.timestamp) {
      throw new DevnetError('DEVNET_GENESIS_TOO_EARLY', 'the beacon chain cannot begin before its execution head', {
        data: { genesisTime, executionTimestamp: executionHead.timestamp },
        fix: 'Give the execution layer an older genesis timestamp, or genesisTime a later one',
      });
    }
    const validators =
      typeof options.validators === 'object'
        ? options.validators
        : interopValidators(options.validators ?? DEFAULT_VALIDATORS);
    const chainConfig = devnetChainConfig(options);
    const devnet = new Devnet(options, makeGenesisState({ chainConfig, genesisTime, validators, executionHead }));
    devnet.addKeys(validators.map(({ secretKey }) => secretKey));
    await devnet.handOver(options.external ?? []);
    return devnet;
  }

  /** The newest slot that has begun. Between two slots (always, unless `stepPhase` is used) it is over, too. */
  get slot(): number {
    return this.#chain.slot;
  }

  get keys(): ValidatorKeys {
    return this.roster.keys;
  }

  get epoch(): number {
    return Math.floor(this.slot / SLOTS_PER_EPOCH);
  }

  /** The state at `slot`. Read it, never write to it. */
  get state(): DevnetState {
    return this.#chain.state;
  }

  /** The chain itself, for the Beacon API and tests. */
  get chain(): BeaconChain {
    return this.#chain;
  }

  /** Lets `slots` slots pass (a slot under way counts), whatever the wall clock says. Returns what became of each. */
  async step(slots = 1): Promise<SlotResult[]> {
    const results: SlotResult[] = [];
    for (let i = 0; i < slots; i++) results.push(await this.#mutex.run(() => this.#chain.advance()));
    return results;
  }

  /**
   * To the next part of a slot, over the end of a slot to the beginning of the next: who drives validators from outside
   * does their proposal after `propose`, their votes after `attest`, and aggregates after `aggregate`.
   */
  stepPhase(): Promise<SlotPhase> {
    return this.#mutex.run(() => this.#chain.nextPhase());
  }

  /** Steps until `reached` holds, looking after every slot. Throws `DEVNET_NOT_REACHED` after `maxSlots` slots. */
  async stepUntil(reached: (devnet: Devnet) => boolean | Promise<boolean>, maxSlots = 512): Promise<void> {
    for (let i = 0; !(await reached(this)); i++) {
      if (i === maxSlots) {
        throw new DevnetError('DEVNET_NOT_REACHED', 'what was waited for did not happen', {
          data: { slot: this.slot, maxSlots },
        });
      }
      await this.step();
    }
  }

  /**
   * Lets a slot pass every `SECONDS_PER_SLOT`: at once at its beginning, or, when there are validators that are driven
   * from outside, its parts at their times, so that those have the whole slot. When the chain's time is the wall clock's (`genesisTime: 'now'`), slots
   * begin when they truly do; otherwise they are counted from this call.
   */
  start(): void {
    this.#timer.start(this.config.SLOT_DURATION_MS);
  }

  /** Resolves when the slot under way is over. */
  async stop(): Promise<void> {
    await this.#timer.stop();
  }

  get running(): boolean {
    return this.#timer.running;
  }

  /** From now on the devnet performs the duties of these validators. Returns their public keys. */
  addKeys(secretKeys: readonly (Uint8Array | Hex)[]): Pubkey[] {
    return secretKeys.map((secretKey) => this.keys.add(secretKey));
  }

  /**
   * From now on validator clients perform the duties of these validators through the Beacon API. The devnet waits for
   * nothing, and includes what comes in time. It forgets none of their keys: `takeBack` makes them its own again.
   */
  handOver(validators: ValidatorRefs): Promise<Pubkey[]> {
    return this.#assigning(validators, (pubkeys) => this.roster.handOver(pubkeys));
  }

  /** From now on this signer signs for these validators; the devnet still performs their duties. */
  signThrough(signer: DutySigner, validators: ValidatorRefs): Promise<Pubkey[]> {
    return this.#assigning(validators, (pubkeys) => this.roster.assign(pubkeys, signer));
  }

  /** From now on the devnet performs the duties of these validators with the keys that it has. */
  takeBack(validators: ValidatorRefs): Promise<Pubkey[]> {
    return this.#assigning(validators, (pubkeys) => this.roster.takeBack(pubkeys));
  }

  /** Where the fees of this validator's blocks go, as `prepare_beacon_proposer` tells a beacon node. */
  setFeeRecipient(validator: number | Hex, feeRecipient: Hex): void {
    this.#chain.setFeeRecipient(this.pubkeyOf(validator), toHex(fromHex(feeRecipient, 20)));
  }

  /**
   * Makes validators fail, or lifts it. Returns their public keys.
   *
   * @throws DevnetError `DEVNET_EXTERNAL` when a validator client does what would have to fail; `DEVNET_KEY_UNKNOWN` when
   *   a copy of a client's key would have to sign, and there is none
   */
  inject(fault: Fault): Promise<Pubkey[]> {
    return this.#mutex.run(() => {
      const pubkeys = fault.validators.map((validator) => this.pubkeyOf(validator));
      requireInjectable(this.roster, fault, pubkeys);
      this.#chain.faults.inject(fault, pubkeys, this.slot);
      return pubkeys;
    });
  }

  /** Makes the Beacon API (not the chain) lie or fail until `tamper(null)`. */
  tamper(tamper: Tamper | null): void {
    this.#tamper = tamper;
  }

  /** Makes `wei` vanish from an account between two slots. Throws `EXECUTION_UNSUPPORTED` where the state is another's. */
  takeBalance(address: Hex, wei: bigint): Promise<void> {
    return this.#mutex.run(() => {
      const { execution } = this;
      if (execution.takeBalance) return execution.takeBalance(address, wei);
      throw new ExecutionUnsupportedError(
        'take from an account',
        'an execution client of its own',
        'Use the EDR adapter',
      );
    });
  }

  get tampered(): Tamper | null {
    return this.#tamper;
  }

  pubkeyOf(validator: number | Hex): Pubkey {
    if (typeof validator === 'number') return this.#chain.pubkeyOf(validator);
    return toHex(fromHex(validator, 48)) as Pubkey;
  }

  /** The validator's index, or null as long as its deposit is not applied. */
  indexOf(pubkey: Hex): number | null {
    return indexOf(this.state, this.pubkeyOf(pubkey));
  }

  /** Signs a voluntary exit with a key that the devnet or a signer of its holds, and puts it into the pool. */
  exit(validator: number | Hex): Promise<void> {
    return this.#mutex.run(async () => {
      const pubkey = this.pubkeyOf(validator);
      const validatorIndex = indexOf(this.state, pubkey);
      if (validatorIndex === null) {
        throw new DevnetError('DEVNET_VALIDATOR_UNKNOWN', 'no such validator', { data: { pubkey } });
      }
      const message: phase0.VoluntaryExit = { epoch: this.epoch, validatorIndex };
      const signature = await this.roster.sign(pubkey, exitRequest(this.config, this.slot, message));
      this.#chain.watch.addVoluntaryExit({ message, signature });
    });
  }

  snapshot(): Promise<DevnetSnapshot> {
    return this.#mutex.run(async () => ({
      slot: this.slot,
      chain: this.#chain.mark(),
      executionMark: await this.execution.snapshot(),
    }));
  }

  /** Goes back to a snapshot. Keys added since then stay. */
  restore(snapshot: DevnetSnapshot): Promise<void> {
    return this.#mutex.run(async () => {
      await this.execution.restore(snapshot.executionMark);
      this.#chain.restore(snapshot.chain);
    });
  }

  /** Runs `task` between two slots: nothing advances meanwhile. Never call a method that waits for a slot inside. */
  exclusively<T>(task: () => T | Promise<T>): Promise<T> {
    return this.#mutex.run(task);
  }

  /** Hears every chain event until the returned function is called. */
  on(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Serves the Beacon API and the control endpoints. Default: loopback, a free port. */
  async listen(options: ListenOptions = {}): Promise<{ readonly url: string }> {
    if (this.#server) {
      const data = { url: this.#server.url };
      throw new DevnetError('DEVNET_LISTENING', 'the Beacon API is up already', { data });
    }
    this.#server = await serveBeaconApi(this, options);
    return { url: this.#server.url };
  }

  status(): DevnetStatus {
    return statusOf(this, this.#dutiesMissed);
  }

  /** Stops the timer and the server, and closes the execution layer. */
  async close(): Promise<void> {
    await this.stop();
    await this.#server?.close();
    this.#server = null;
    await this.#mutex.run(() => this.execution.close());
  }

  #assigning(validators: ValidatorRefs, assign: (pubkeys: Pubkey[]) => void): Promise<Pubkey[]> {
    return this.#mutex.run(() => {
      const pubkeys = validators.map((validator) => this.pubkeyOf(validator));
      assign(pubkeys);
      return pubkeys;
    });
  }

  #tick(): Promise<unknown> {
    return this.roster.externalCount > 0 ? this.stepPhase() : this.step();
  }
}

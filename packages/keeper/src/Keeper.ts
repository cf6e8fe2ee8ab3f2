import type { BeaconClient } from '@holdfast/beacon';
import type { Pool, PoolManifest } from '@holdfast/pool';
import { joinSignals } from '@holdfast/units';
import type { Account, PublicClient, WalletClient } from 'viem';
import { Backoff } from './act/Backoff.ts';
import { Courier, type Delivery, type Round } from './act/Courier.ts';
import { type Landed, Outbox } from './act/Outbox.ts';
import { Performer } from './act/perform.ts';
import { isFinal } from './act/refusals.ts';
import { Standby } from './act/Standby.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Action } from './decide/action.ts';
import { decide } from './decide/decide.ts';
import { KeeperConfigError } from './errors.ts';
import { Observer, type View } from './observe/Observer.ts';
import { type KeeperOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import { describeError, type Log } from './report/log.ts';
import { Metrics } from './report/Metrics.ts';
import { measureTick, measureView } from './report/measure.ts';
import { type StatusServer, type StatusServerOptions, serveStatus } from './report/serveStatus.ts';
import type { ActionReport, TickReport } from './report/TickReport.ts';

export interface KeeperParameters {
  readonly manifest: PoolManifest;
  readonly publicClient: PublicClient;
  /** Pays for the transactions. Needs an account; give it an account of its own, that nothing else sends from. */
  readonly walletClient: WalletClient;
  readonly beaconClient: BeaconClient;
  readonly options?: KeeperOptions | undefined;
  readonly log?: Log | undefined;
  readonly clock?: Clock | undefined;
}

/** Rounds' lengths without a successful round after which `/healthz` says no. */
const UNHEALTHY_AFTER_POLLS = 5;

/**
 * The loop that keeps a pool alive: observe both chains, decide, act. `tick` is one round; it never throws, and never
 * waits for a block. `run` makes rounds until it is stopped.
 */
export class Keeper {
  private readonly beaconClient: BeaconClient;
  private readonly pool: Pool & { readonly walletClient: WalletClient };
  private readonly account: Account;
  private readonly options: ResolvedOptions;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly observer: Observer;
  private readonly outbox: Outbox;
  private readonly courier: Courier;
  private readonly backoff = new Backoff();
  private readonly standby: Standby;
  private readonly counted = new Metrics();
  private readonly ending = new AbortController();
  private rounds: Promise<unknown> = Promise.resolve();
  private chainChecked = false;
  private lastOkMs: number;
  private statusServer: StatusServer | null = null;

  constructor(parameters: KeeperParameters) {
    const { manifest, publicClient, walletClient, beaconClient } = parameters;
    if (!walletClient.account) {
      throw new KeeperConfigError('the keeper needs a wallet client with an account', {
        fix: 'Create the wallet client with `account`',
      });
    }
    this.beaconClient = beaconClient;
    this.account = walletClient.account;
    this.pool = { manifest, publicClient, walletClient };
    this.options = resolveOptions(parameters.options ?? {}, manifest);
    this.log = unfailing(parameters.log ?? (() => {}));
    this.standby = new Standby(this.options.standbySlots);
    this.clock = parameters.clock ?? systemClock;
    this.lastOkMs = this.clock.now();
    this.observer = new Observer(this.pool, beaconClient, this.account.address, this.options);
    this.outbox = new Outbox(publicClient, this.account.address, this.options.replaceAfterSlots);
    const performer = new Performer(this.pool, beaconClient, this.options.beaconTimeoutMs);
    this.courier = new Courier(this.pool, this.account, performer, this.outbox, this.options);
  }

  /** One round: observe, decide, act. Sends, and does not wait for what it sent: the next round looks. Never throws. */
  tick(): Promise<TickReport> {
    const round = this.rounds.then(() => this.measuredRound());
    this.rounds = round;
    return round;
  }

  /** Rounds at each head event, and every `pollMs` at least, until the signal fires or `stop` is called. */
  async run(signal?: AbortSignal): Promise<void> {
    using end = joinSignals(signal, this.ending.signal);
    const ended = end.signal;
    const alarm = new Alarm();
    const listening = this.listen(ended, alarm);
    this.log({ level: 'info', event: 'keeper.started', account: this.account.address });
    while (!ended.aborted) {
      await this.tick();
      await alarm.wait(this.options.pollMs, this.clock, ended);
    }
    await listening;
    this.log({ level: 'info', event: 'keeper.stopped' });
  }

  /** Ends `run` and the status server, once the round under way is over. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.rounds;
    await this.statusServer?.close();
    this.statusServer = null;
  }

  /** Counters and gauges in the Prometheus text format. */
  metrics(): string {
    return this.counted.text();
  }

  /** Whether a round succeeded lately. */
  healthy(): boolean {
    return this.clock.now() - this.lastOkMs <= UNHEALTHY_AFTER_POLLS * this.options.pollMs;
  }

  /** Serves `/metrics` and `/healthz`, by default on loopback and a free port, until `stop`. */
  async serve(options?: StatusServerOptions): Promise<{ readonly url: string }> {
    this.statusServer ??= await serveStatus(this.counted, () => this.healthy(), options);
    return { url: this.statusServer.url };
  }

  private async measuredRound(): Promise<TickReport> {
    const startMs = this.clock.now();
    const draft = new Draft();
    try {
      await this.round(draft);
      this.lastOkMs = this.clock.now();
    } catch (error) {
      draft.ok = false;
      this.trouble(draft, 'pool', error);
    }
    const report = draft.report(this.outbox.size, this.backoff);
    const endMs = this.clock.now();
    measureTick(this.counted, report, { startMs, endMs });
    const { ok, slot, actions, inFlight } = report;
    this.log({
      level: 'debug',
      event: 'round.ended',
      ok,
      slot,
      actions: actions.length,
      inFlight,
      ms: endMs - startMs,
    });
    return report;
  }

  private async round(draft: Draft): Promise<void> {
    await this.requireChain();
    const { publicClient } = this.pool;
    const head = await publicClient.getBlock({ blockTag: 'latest' });
    // First what has landed, then what the pool is: the other way round a call that lands in between would be made twice.
    const headSlot = this.observer.slotAt(head.timestamp);
    this.settle(draft, await this.outbox.sync(headSlot), headSlot);
    const snapshot = await this.observer.snapshot();
    const slot = this.observer.slotAt(snapshot.block.timestamp);
    draft.slot = slot;
    draft.blockNumber = snapshot.block.number;
    const [view, balance, round] = await Promise.all([
      this.observer.view(snapshot, head, this.outbox.keys, this.backoff.resting(slot)),
      publicClient.getBalance({ address: this.account.address }),
      this.courier.round(slot, head.baseFeePerGas ?? 0n),
    ]);
    draft.provenSlot = view.moment?.header.slot ?? null;
    for (const { part, error } of view.troubles) this.trouble(draft, part, error);
    measureView(this.counted, view, balance);
    this.backoff.prune(slot);
    await this.act(draft, view, round);
  }

  private async act(draft: Draft, view: View, round: Round): Promise<void> {
    if (this.outbox.awaitsStrangers(round.slot)) {
      draft.waitsForOwn = true;
      this.log({ level: 'info', event: 'keeper.waits', reason: 'transactions of this account are pending' });
      return;
    }
    for (const { key, error } of await this.courier.replaceStuck(view, round)) {
      if (error !== null) this.trouble(draft, 'replacement', error);
      else draft.replaced.push(key);
      if (error === null) this.log({ level: 'warn', event: 'transaction.sentAgain', slot: round.slot, key });
    }
    for (const action of this.standby.due(decide(view.observation), round.slot)) {
      const delivery = await this.courier.deliver(action, view, round);
      this.note(draft, action, delivery, round.slot);
    }
  }

  private note(draft: Draft, action: Action, delivery: Delivery, slot: number): void {
    const { key, kind } = action;
    const error = 'error' in delivery ? describeError(delivery.error) : null;
    const hash = delivery.outcome === 'sent' ? delivery.hash : null;
    draft.actions.push({ key, kind, action, outcome: delivery.outcome, hash, error });
    if (delivery.outcome === 'failed' || delivery.outcome === 'early') this.backoff.failed(key, slot);
    if (delivery.outcome === 'overtaken') this.backoff.overtaken(key, slot);
    if ('error' in delivery && isFinal(delivery.error)) this.observer.refused(key);
    const level = delivery.outcome === 'failed' ? 'error' : delivery.outcome === 'sent' ? 'info' : 'debug';
    this.log({ level, event: `action.${delivery.outcome}`, slot, key, urgent: action.urgent, hash, error });
  }

  private settle(draft: Draft, landed: readonly Landed[], slot: number): void {
    for (const { action, hash, outcome, gasUsed } of landed) {
      const { key, kind } = action;
      draft.landed.push({ key, kind, hash, outcome, gasUsed });
      if (outcome === 'success') this.backoff.succeeded(key);
      // Two keepers in one block: the second is refused. It is no fault, but gas is lost, so it does not insist.
      else this.backoff.overtaken(key, slot);
      const level = outcome === 'success' ? 'info' : 'warn';
      this.log({ level, event: `transaction.${outcome}`, key, hash, gasUsed: gasUsed.toString() });
    }
  }

  private trouble(draft: Draft, part: string, error: unknown): void {
    const described = describeError(error);
    draft.errors.push({ part, ...described });
    this.log({ level: 'error', event: `${part}.failed`, ...described });
  }

  /** A keeper of one chain must not send to another, whatever URL it was given. */
  private async requireChain(): Promise<void> {
    if (this.chainChecked) return;
    const actual = await this.pool.publicClient.getChainId();
    const expected = this.pool.manifest.chainId;
    if (actual !== expected) {
      throw new KeeperConfigError('the execution node is of another chain than the pool', {
        data: { expected, actual },
        fix: "Give an RPC URL of the pool's chain",
      });
    }
    this.chainChecked = true;
  }

  /** Wakes the loop when a node announces a head or a slashing. Announcements are hints: a lost one costs a poll. */
  private async listen(ended: AbortSignal, alarm: Alarm): Promise<void> {
    try {
      for await (const _event of this.beaconClient.events(['head', 'attester_slashing', 'proposer_slashing'], ended)) {
        alarm.ring();
      }
    } catch (error) {
      this.log({ level: 'warn', event: 'events.failed', ...describeError(error) });
    }
  }
}

/** A log that cannot be written must not stop the keeper. */
const unfailing =
  (log: Log): Log =>
  (event) => {
    try {
      log(event);
    } catch {
      // There is nowhere to tell it.
    }
  };

/** A wait that ends at the next ring, also one that came before it. */
class Alarm {
  private rung = false;
  private wake: (() => void) | null = null;

  ring(): void {
    this.rung = true;
    this.wake?.();
  }

  async wait(ms: number, clock: Clock, ended: AbortSignal): Promise<void> {
    if (!this.rung) {
      const early = new AbortController();
      this.wake = () => early.abort();
      using awake = joinSignals(early.signal, ended);
      await clock.sleep(ms, awake.signal);
      this.wake = null;
    }
    this.rung = false;
  }
}

/** A report in the making. */
class Draft {
  ok = true;
  slot: number | null = null;
  blockNumber: bigint | null = null;
  provenSlot: number | null = null;
  waitsForOwn = false;
  readonly actions: ActionReport[] = [];
  readonly landed: TickReport['landed'][number][] = [];
  readonly replaced: string[] = [];
  readonly errors: TickReport['errors'][number][] = [];

  report(inFlight: number, backoff: Backoff): TickReport {
    return { ...this, inFlight, resting: backoff.resting(this.slot ?? 0).size };
  }
}

import type { Pubkey, Root } from '@holdfast/units';
import { WatchedClock } from './clock.ts';
import { DoppelgangerFoundError, DoppelgangerWaitError } from './errors.ts';
import { fitnessOf, type Registry, reasonOf, sightingsOf } from './nodes.ts';
import { type DoppelgangerPorts, type LivenessPort, type OwnHistory, type SlotClock, systemPorts } from './ports.ts';
import { beginWatch, judge, type KeyWatch } from './watch.ts';

export interface DoppelgangerOptions {
  /** Each is asked; one that saw a key is enough to bar it, one that is fit and saw nothing is needed to clear it. */
  readonly nodes: readonly LivenessPort[];
  readonly history: OwnHistory;
  readonly network: SlotClock & { readonly genesisValidatorsRoot: Root };
  /** Full epochs of silence before a key's first signature. Default 2. */
  readonly epochs?: number;
  readonly onEvent?: (event: DoppelgangerEvent) => void;
  readonly ports?: DoppelgangerPorts;
}

export type DoppelgangerEvent =
  | { readonly kind: 'barred'; readonly pubkey: Pubkey; readonly epoch: number; readonly node: string }
  | {
      readonly kind: 'cleared';
      readonly pubkeys: readonly Pubkey[];
      readonly why: 'silent' | 'not-active' | 'shared-history';
    }
  /** What keeps the watch from going on, or some node from taking part; none when `why` is empty. Told when it changes. */
  | { readonly kind: 'trouble'; readonly why: readonly string[]; readonly waiting: number }
  | { readonly kind: 'restarted'; readonly why: 'clock-jumped' | 'paused'; readonly ms: number; readonly keys: number };

export interface DoppelgangerStatus {
  readonly waiting: number;
  readonly clear: number;
  readonly barred: readonly { readonly pubkey: Pubkey; readonly epoch: number; readonly node: string }[];
  /** What is wrong with nodes, clock or history, a sentence each. */
  readonly troubles: readonly string[];
}

const EPOCHS = 2;

/**
 * Watches the network for a second owner of each key before its first signature. Keys are given to `watch` at the start
 * and after an import, and may not sign from that moment on. `poll` looks once; `start` looks every slot.
 *
 * It proves nothing against an instance that starts later, or that is cut off from the network together with us.
 */
export class Doppelganger {
  readonly #options: DoppelgangerOptions;
  readonly #epochs: number;
  readonly #clock: WatchedClock;
  readonly #watches = new Map<Pubkey, KeyWatch>();
  readonly #ownAtStart = new Map<Pubkey, number>();
  #registries: readonly Registry[] = [];
  #registriesOf = '';
  #troubles: readonly string[] = [];
  #timer: NodeJS.Timeout | null = null;
  #polling: Promise<void> | null = null;

  constructor(options: DoppelgangerOptions) {
    this.#options = options;
    this.#epochs = options.epochs ?? EPOCHS;
    this.#clock = new WatchedClock(options.network, options.ports ?? systemPorts);
  }

  /** Bars these keys until they were watched. Those that are watched already go on as they are. */
  watch(pubkeys: Iterable<Pubkey>): void {
    const epoch = this.#clock.epoch();
    for (const pubkey of pubkeys) {
      if (!this.#watches.has(pubkey)) this.#watches.set(pubkey, beginWatch(epoch));
    }
  }

  /** Keys that were removed: when they come back they are watched anew. */
  forget(pubkeys: Iterable<Pubkey>): void {
    for (const pubkey of pubkeys) {
      this.#watches.delete(pubkey);
      this.#ownAtStart.delete(pubkey);
    }
  }

  /** @throws DoppelgangerWaitError, DoppelgangerFoundError. A key that was never given to `watch` waits. */
  check(pubkey: Pubkey): void {
    const watch = this.#watches.get(pubkey);
    if (watch?.kind === 'clear') return;
    if (watch?.kind === 'barred') {
      throw new DoppelgangerFoundError({ data: { pubkey, epoch: watch.epoch, node: watch.node } });
    }
    const { secondsPerSlot, slotsPerEpoch } = this.#options.network;
    const left = this.#epochs - (watch?.silent.length ?? 0);
    const data = { pubkey, epochsLeft: left, ...(this.#troubles.length > 0 ? { troubles: this.#troubles } : {}) };
    throw new DoppelgangerWaitError(Math.ceil(secondsPerSlot * slotsPerEpoch), { data });
  }

  status(): DoppelgangerStatus {
    const barred: DoppelgangerStatus['barred'][number][] = [];
    let [waiting, clear] = [0, 0];
    for (const [pubkey, watch] of this.#watches) {
      if (watch.kind === 'barred') barred.push({ pubkey, epoch: watch.epoch, node: watch.node });
      else if (watch.kind === 'clear') clear += 1;
      else waiting += 1;
    }
    return { waiting, clear, barred, troubles: this.#troubles };
  }

  /** Looks every slot, until `close`. */
  start(): void {
    this.#timer ??= setInterval(() => void this.poll(), this.#options.network.secondsPerSlot * 1000);
    this.#timer.unref();
    void this.poll();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    await this.#polling;
  }

  /** One look at all nodes. Never throws: what goes wrong keeps keys waiting, and is told. */
  poll(): Promise<void> {
    this.#polling ??= this.#look()
      .catch((error: unknown) => this.#report([reasonOf(error)]))
      .finally(() => {
        this.#polling = null;
      });
    return this.#polling;
  }

  async #look(): Promise<void> {
    this.#heedClock();
    const waiting = this.#waiting();
    if (waiting.length === 0) return this.#report([]);
    const { network, nodes, history } = this.#options;
    const slot = this.#clock.slot();
    const rules = { genesisValidatorsRoot: network.genesisValidatorsRoot, slot, slotsPerEpoch: network.slotsPerEpoch };
    const fitness = await Promise.all(nodes.map((node) => fitnessOf(node, rules)));
    const troubles = fitness.flatMap((it) => (it.fit ? [] : [`${it.node.name}: ${it.why}`]));
    const fit = fitness.filter((it) => it.fit).map(({ node }) => node);
    await this.#learnRegistries(fit, waiting, troubles);
    this.#clearInactive(waiting);
    const own = await history.lastEpochs(waiting);
    const epoch = Math.floor(slot / network.slotsPerEpoch);
    const ahead = [...own.values()].filter((last) => last > BigInt(Math.max(epoch, 0)) + 1n).length;
    if (ahead > 0)
      troubles.push(`the history of ${ahead} keys reaches beyond epoch ${epoch}: those epochs prove nothing`);
    const settled = slot - epoch * network.slotsPerEpoch >= network.slotsPerEpoch / 4;
    await this.#judgeEpoch(epoch - 1, settled, own, troubles);
    await this.#judgeEpoch(epoch, false, own, troubles);
    this.#report(this.#waiting().length === 0 ? [] : troubles);
  }

  /** A watch whose time did not pass begins anew; after a pause so does everything. */
  #heedClock(): void {
    const elapsed = this.#clock.elapsed();
    if (elapsed.kind === 'steady') return;
    const epoch = this.#clock.epoch();
    let keys = 0;
    for (const [pubkey, watch] of this.#watches) {
      if (watch.kind === 'barred' || (watch.kind === 'clear' && elapsed.kind === 'jumped')) continue;
      this.#watches.set(pubkey, beginWatch(epoch));
      this.#ownAtStart.delete(pubkey);
      keys += 1;
    }
    const why = elapsed.kind === 'paused' ? 'paused' : 'clock-jumped';
    if (keys > 0) this.#tell({ kind: 'restarted', why, ms: elapsed.ms, keys });
  }

  /** Indices and activity of the waiting keys, by each fit node; asked anew when the epoch, the nodes or the keys change. */
  async #learnRegistries(fit: readonly LivenessPort[], waiting: readonly Pubkey[], troubles: string[]): Promise<void> {
    const version = `${this.#clock.epoch()} ${fit.map(({ name }) => name)} ${waiting.length} ${waiting.at(-1)}`;
    if (version === this.#registriesOf && this.#registries.length === fit.length) return;
    const found = await Promise.all(
      fit.map(async (node): Promise<Registry | null> => {
        try {
          return { node, known: await node.validators(waiting) };
        } catch (error) {
          troubles.push(`${node.name}: it does not list validators: ${reasonOf(error)}`);
          return null;
        }
      }),
    );
    this.#registries = found.filter((registry) => registry !== null);
    this.#registriesOf = version;
  }

  /** Who is not active has no duties: nobody can have signed with such a key, and there is nothing to wait for. */
  #clearInactive(waiting: readonly Pubkey[]): void {
    if (this.#registries.length === 0) return;
    const idle = waiting.filter((pubkey) => this.#registries.every(({ known }) => known.get(pubkey)?.active !== true));
    for (const pubkey of idle) this.#watches.set(pubkey, { kind: 'clear', why: 'not-active' });
    if (idle.length > 0) this.#tell({ kind: 'cleared', pubkeys: idle, why: 'not-active' });
  }

  async #judgeEpoch(
    epoch: number,
    over: boolean,
    history: ReadonlyMap<Pubkey, bigint>,
    troubles: string[],
  ): Promise<void> {
    const waiting = this.#waiting();
    const answers = await Promise.all(
      this.#registries.map(async (registry) => {
        try {
          return { node: registry.node.name, seen: await sightingsOf(registry, epoch, waiting) };
        } catch (error) {
          troubles.push(`${registry.node.name}: it does not tell who was live: ${reasonOf(error)}`);
          return { node: registry.node.name, seen: new Map<Pubkey, boolean>() };
        }
      }),
    );
    const cleared = { silent: [] as Pubkey[], 'shared-history': [] as Pubkey[], 'not-active': [] as Pubkey[] };
    for (const pubkey of waiting) {
      const own = Number(history.get(pubkey) ?? -1n);
      if (!this.#ownAtStart.has(pubkey)) this.#ownAtStart.set(pubkey, own);
      const words = answers.flatMap(({ node, seen }) => (seen.has(pubkey) ? [{ node, live: seen.get(pubkey)! }] : []));
      const sighting = { epoch, over, own, ownAtStart: this.#ownAtStart.get(pubkey)!, answers: words };
      const before = this.#watches.get(pubkey);
      // Forgotten while the nodes were asked.
      if (!before) continue;
      const watch = judge(before, sighting, this.#epochs);
      this.#watches.set(pubkey, watch);
      if (watch.kind === 'barred') this.#tell({ kind: 'barred', pubkey, epoch: watch.epoch, node: watch.node });
      if (watch.kind === 'clear') cleared[watch.why].push(pubkey);
    }
    for (const why of ['silent', 'shared-history'] as const) {
      if (cleared[why].length > 0) this.#tell({ kind: 'cleared', pubkeys: cleared[why], why });
    }
  }

  #waiting(): Pubkey[] {
    return [...this.#watches].filter(([, { kind }]) => kind === 'waiting').map(([pubkey]) => pubkey);
  }

  #report(why: readonly string[]): void {
    // Numbers in a reason move with every slot: only a change of kind is news.
    const kind = (reasons: readonly string[]): string => reasons.map((reason) => reason.replace(/\d+/g, '#')).join();
    const changed = kind(why) !== kind(this.#troubles);
    this.#troubles = why;
    if (changed) this.#tell({ kind: 'trouble', why, waiting: this.#waiting().length });
  }

  #tell(event: DoppelgangerEvent): void {
    this.#options.onEvent?.(event);
  }
}

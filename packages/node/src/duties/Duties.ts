import { joinSignals } from '@holdfast/units';
import { deadline, waitUntil } from '../clock.ts';
import { DutyError } from '../errors.ts';
import { aggregate, selectAggregators } from './aggregate.ts';
import { attest } from './attest.ts';
import type { DutyContext } from './context.ts';
import type { AgreedDuty, DutyObserver } from './ports.ts';
import { propose } from './propose.ts';
import { registerBuilders } from './register.ts';
import { subscribe } from './subscribe.ts';
import { syncContributions, syncMessages } from './syncCommittee.ts';

/**
 * The life of a validator client: each slot's duties when they are due, each epoch's schedule before it is needed. One
 * duty that fails, hangs or lies costs that duty: each runs by itself, until its slot is over.
 */
export class Duties {
  readonly #context: DutyContext;
  /** By slot: the duties that begin when its head is seen. */
  readonly #headSeen = new Map<number, Set<() => void>>();
  #lastSlot = -1;
  #lastVote: Awaited<ReturnType<typeof attest>> | undefined;
  #isStopping = (): boolean => false;

  constructor(context: DutyContext) {
    const { observer } = context;
    const missed: DutyObserver['missed'] = (...what) => {
      // What was in hand when the node was told to stop was not missed by it.
      if (!this.#isStopping()) observer.missed(...what);
    };
    const unprepared: DutyObserver['unprepared'] = (...what) => {
      if (!this.#isStopping()) observer.unprepared(...what);
    };
    this.#context = { ...context, observer: { stage: (...what) => observer.stage(...what), missed, unprepared } };
  }

  /** Runs until the signal fires; then the duties in hand end with it. */
  async run(signal: AbortSignal): Promise<void> {
    const { chain, clock } = this.#context;
    this.#isStopping = () => signal.aborted;
    const over = new AbortController();
    using listening = joinSignals(signal, over.signal);
    const heads = this.#followHeads(listening.signal);
    const running = new Set<Promise<void>>();
    try {
      // Beacon nodes that are behind, or not there yet, are asked again in each slot.
      const now = Math.max(0, chain.slotAt(clock.nowMs()));
      await this.#try('attester', now, () => this.#prepare(now, signal));
      while (!signal.aborted) {
        // A clock that jumps back must not bring a slot twice, and one that jumps ahead skips what is over.
        const slot = Math.max(this.#lastSlot + 1, chain.slotAt(clock.nowMs()), 0);
        await waitUntil(clock, chain.startMs(slot), signal);
        this.#lastSlot = slot;
        const work = this.#slot(slot, signal).finally(() => running.delete(work));
        running.add(work);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      over.abort();
      await Promise.allSettled([...running, heads]);
    }
  }

  async #slot(slot: number, stop: AbortSignal): Promise<void> {
    const { chain, clock, schedule } = this.#context;
    // What a slot begins may end in the next one: a late attestation is worth something for an epoch. A beacon node that is
    // slow to answer what nobody needs any more has until then, too, so that its failing is noticed.
    const { signal } = deadline(clock, chain.startMs(slot + 2), stop);
    const epoch = chain.epochOf(slot);
    if (!schedule.has(epoch)) await this.#try('attester', slot, () => this.#prepare(slot, signal));
    await Promise.all([
      ...schedule
        .proposersAt(slot)
        .map((duty) => this.#try('proposer', slot, () => propose(this.#context, duty, signal))),
      this.#attesters(slot, signal),
      this.#sync(slot, signal),
      this.#lookAhead(slot, signal),
      this.#context.exits?.slot(slot, signal),
    ]);
  }

  async #attesters(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, clock, schedule } = this.#context;
    const duties = schedule.attestersAt(slot);
    if (duties.length === 0) return;
    await this.#try('attester', slot, async () => {
      const selecting = selectAggregators(this.#context, slot, duties, signal);
      selecting.catch(() => undefined);
      await this.#headOr(slot, chain.startMs(slot) + chain.due.attestationMs, signal);
      const vote = await attest(this.#context, slot, duties, signal, this.#lastVote);
      this.#lastVote = vote;
      const aggregators = await selecting;
      if (aggregators.length === 0) return;
      await this.#try('aggregator', slot, async () => {
        await waitUntil(clock, chain.startMs(slot) + chain.due.aggregateMs, signal);
        await aggregate(this.#context, slot, vote, aggregators, signal);
      });
    });
  }

  async #sync(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, clock, schedule } = this.#context;
    const duties = schedule.syncAt(slot);
    if (duties.length === 0) return;
    await this.#try('syncMessage', slot, async () => {
      await this.#headOr(slot, chain.startMs(slot) + chain.due.syncMessageMs, signal);
      const root = await syncMessages(this.#context, slot, duties, signal);
      await this.#try('syncContribution', slot, async () => {
        await waitUntil(clock, chain.startMs(slot) + chain.due.contributionMs, signal);
        await syncContributions(this.#context, slot, root, duties, signal);
      });
    });
  }

  /** In the middle of each slot: what the next epoch needs, and once an epoch who has become active. */
  async #lookAhead(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, clock, registry, schedule } = this.#context;
    const epoch = chain.epochOf(slot);
    const first = slot === 0 || chain.epochOf(slot - 1) !== epoch;
    if (!first && schedule.has(epoch + 1)) return;
    await this.#tryToPrepare(slot, async () => {
      await waitUntil(clock, chain.startMs(slot) + chain.slotMs / 2, signal);
      if (first) await registry.refresh();
      await Promise.all([schedule.load(epoch), schedule.load(epoch + 1).catch(() => undefined)]);
      if (first) await this.#announce(slot, signal);
      await this.#subscribe(slot, [epoch, epoch + 1], signal);
    });
  }

  async #prepare(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, registry, schedule } = this.#context;
    await registry.refresh();
    const epoch = chain.epochOf(slot);
    await schedule.load(epoch);
    await this.#announce(slot, signal);
    await this.#subscribe(slot, [epoch], signal);
  }

  /** Without it votes are given all the same; aggregates suffer. */
  #subscribe(slot: number, epochs: readonly number[], signal: AbortSignal): Promise<void> {
    return this.#tryToPrepare(slot, () => Promise.all(epochs.map((epoch) => subscribe(this.#context, epoch, signal))));
  }

  /** Tells the beacon nodes where fees go, and builders, when the network has them. */
  async #announce(slot: number, signal: AbortSignal): Promise<void> {
    const { beacon, registry, feeRecipient } = this.#context;
    const list = registry.active.map(({ index }) => ({ validatorIndex: index, feeRecipient }));
    if (list.length === 0) return;
    await beacon.validatorApi.prepareProposers(list, { signal });
    await registerBuilders(this.#context, slot, signal);
  }

  /** The slot's block was seen, or it is time anyhow (phase0, validator.md). */
  async #headOr(slot: number, dueMs: number, signal: AbortSignal): Promise<void> {
    const waiting = this.#headSeen.get(slot) ?? new Set();
    this.#headSeen.set(slot, waiting);
    const seen = new Promise<void>((resolve) => waiting.add(resolve));
    try {
      await Promise.race([seen, waitUntil(this.#context.clock, dueMs, signal)]);
    } finally {
      this.#headSeen.delete(slot);
    }
  }

  async #followHeads(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#context.beacon.events(['head', 'chain_reorg'], signal)) {
        if (event.topic === 'head') for (const begin of this.#headSeen.get(event.slot) ?? []) begin();
        else if (event.topic === 'chain_reorg') await this.#reload(event.slot, signal);
      }
    } catch {
      // Heads only make attestations earlier; without them they are made when they are due.
    }
  }

  async #reload(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, schedule } = this.#context;
    const epoch = chain.epochOf(slot);
    await this.#tryToPrepare(slot, async () => {
      await Promise.all([schedule.load(epoch), schedule.load(epoch + 1)]);
      await this.#subscribe(slot, [epoch, epoch + 1], signal);
    });
  }

  async #tryToPrepare(slot: number, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.observer.unprepared(slot, error);
    }
  }

  async #try(duty: AgreedDuty, slot: number, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#context.observer.missed(duty, slot, error ?? new DutyError(duty, 'failed without a reason', { slot }));
    }
  }
}

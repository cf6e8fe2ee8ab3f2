import type { BeaconClient, ValidatorAnswer } from '@holdfast/beacon';
import type { Pubkey } from '@holdfast/units';
import { SLOTS_PER_EPOCH } from '@lodestar/params';
import type { Chain } from '../chain.ts';
import { type Clock, waitUntil } from '../clock.ts';
import type { Cluster, DutyObserver, SigningTask } from '../duties/ports.ts';
import type { Member, Registry } from '../duties/Registry.ts';
import type { Tasks } from '../duties/tasks.ts';
import { describeOutlook, type ExitOutlook, exitOutlook } from './outlook.ts';
import type { BadExitRequest, ExitRequest, ExitRequests } from './requests.ts';

export const EXIT_STATES = ['waiting', 'gathering', 'published', 'refused', 'exiting', 'exited'] as const;
/**
 * How far an exit came. `waiting`: the chain would not take it yet. `gathering`: fewer than t operators ask for it.
 * `published`: signed, and with the beacon nodes. `refused`: by the beacon nodes; it is offered again each slot.
 * `exiting`, `exited`: the chain has it.
 */
export type ExitState = (typeof EXIT_STATES)[number];

export interface ExitStatus {
  readonly pubkey: Pubkey;
  /** What the exit names; null while it is not known. */
  readonly epoch: number | null;
  /** Whether this node's operator asks for it. Otherwise this node signs nothing, and only tells who does. */
  readonly own: boolean;
  /** Nodes whose operators ask for this very exit: their partial signatures are here, and good. Positions from 0. */
  readonly asked: readonly number[];
  readonly state: ExitState;
  /** For people. */
  readonly detail: string;
}

export interface ExitsOptions {
  readonly beacon: Pick<BeaconClient, 'validators' | 'submitVoluntaryExit'>;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, 'validators' | 'sign' | 'signers'>;
  readonly threshold: number;
  readonly tasks: Tasks;
  readonly registry: Pick<Registry, 'active'>;
  readonly requests: ExitRequests;
  readonly observer: Pick<DutyObserver, 'stage'> & ExitObserver;
}

/** Must not throw. */
export interface ExitObserver {
  /** As it stands now. */
  exits(all: readonly ExitStatus[]): void;
  /** It came further, or fell back, or another asked. */
  exitMoved(exit: ExitStatus): void;
  /** Nothing could be done in this slot. */
  exitTrouble(error: unknown): void;
  /** Told once for each. */
  badExitRequest(bad: BadExitRequest): void;
}

/**
 * Voluntary exits. Each slot a node whose operator asks for one signs it with its share and tells the others; once t do,
 * any of them has the whole signature and publishes it. It goes on until the chain has the exit, so it survives restarts,
 * reorganisations and beacon nodes that forget. Nothing is agreed on: the message follows from the request and the chain.
 * A node whose operator did not ask signs nothing, whoever else does.
 */
export class Exits {
  readonly #options: ExitsOptions;
  readonly #statuses = new Map<Pubkey, ExitStatus>();
  readonly #publishedAt = new Map<Pubkey, number>();
  readonly #toldBad = new Set<string>();
  readonly #ours: ReadonlySet<Pubkey>;
  /** The exits that other operators would ask for, unless they name an epoch. */
  readonly #usual = new Map<Pubkey, SigningTask>();

  constructor(options: ExitsOptions) {
    this.#options = options;
    this.#ours = new Set(options.cluster.validators);
  }

  status(): readonly ExitStatus[] {
    return [...this.#statuses.values()];
  }

  /** What is to be done in a slot; ends in the middle of the next one. Never throws. */
  async slot(slot: number, signal: AbortSignal): Promise<void> {
    const { chain, clock, requests, observer } = this.#options;
    try {
      // Between the duties that are in a hurry.
      await waitUntil(clock, chain.startMs(slot) + chain.slotMs / 2, signal);
      const { requests: asked, bad } = requests.all();
      for (const each of bad) this.#tellBad(each);
      this.#forgetBut(new Set(asked.map(({ pubkey }) => pubkey)));
      this.#hearOthers(slot);
      await this.#pursueAll(asked, slot, signal);
      observer.exits(this.status());
    } catch (error) {
      if (!signal.aborted) observer.exitTrouble(error);
    }
  }

  async #pursueAll(requests: readonly ExitRequest[], slot: number, signal: AbortSignal): Promise<void> {
    const { beacon, chain } = this.#options;
    const known = requests.filter(({ pubkey }) => this.#ours.has(pubkey));
    for (const { pubkey, epoch } of requests) {
      if (!this.#ours.has(pubkey)) this.#set({ pubkey, epoch, state: 'refused', detail: 'no validator of this node' });
    }
    if (known.length === 0) return;
    let answers: ReadonlyMap<Pubkey, ValidatorAnswer>;
    try {
      const found = await beacon.validators('head', { ids: known.map(({ pubkey }) => pubkey) });
      answers = new Map(found.map((answer) => [answer.validator.pubkey, answer]));
    } catch (error) {
      const detail = `the beacon nodes do not tell how it stands: ${wordsOf(error)}`;
      for (const { pubkey, epoch } of known) {
        this.#set({ pubkey, epoch, state: 'waiting', ...this.#statuses.get(pubkey), own: true, detail });
      }
      return;
    }
    const now = chain.epochOf(slot);
    await Promise.all(
      known.map(({ pubkey, epoch }) => {
        const answer = answers.get(pubkey);
        const outlook = exitOutlook(answer, epoch, now, chain.shardCommitteePeriod);
        return outlook.kind === 'possible' && answer
          ? this.#pursue(pubkey, outlook.epoch, answer.index, slot, signal)
          : this.#set(statusOf(pubkey, epoch, outlook, this.#statuses.get(pubkey)));
      }),
    );
  }

  async #pursue(pubkey: Pubkey, epoch: number, index: number, slot: number, signal: AbortSignal): Promise<void> {
    const { chain, cluster, tasks, threshold, requests, observer } = this.#options;
    const task = tasks.voluntaryExit(pubkey, slot, { epoch, validatorIndex: index });
    const before = this.#statuses.get(pubkey);
    if (before?.state !== 'gathering' && before?.state !== 'published' && before?.state !== 'refused') {
      this.#set({ pubkey, epoch, state: 'gathering', detail: 'signed here from now on; the others are waited for' });
    }
    const [signature] = await cluster.sign([task], chain.startMs(slot + 1) + chain.slotMs / 2, signal);
    // Withdrawn in the meantime, or over.
    if (signal.aborted || !requests.find(pubkey)) return;
    const heard = [task, { ...task, slot: slot - 1 }].flatMap((each) => cluster.signers(each));
    const asked = [...new Set(heard)].sort((a, b) => a - b);
    if (signature) {
      observer.stage('exit', slot, 'recovered', 1);
      this.#set({ pubkey, epoch, asked, ...(await this.#publish(pubkey, epoch, index, signature, slot)) });
    } else if (before?.state !== 'published') {
      this.#set({
        pubkey,
        epoch,
        asked,
        state: 'gathering',
        detail: `${asked.length} of ${threshold} operators ask for it`,
      });
    }
  }

  async #publish(
    pubkey: Pubkey,
    epoch: number,
    validatorIndex: number,
    signature: Uint8Array,
    slot: number,
  ): Promise<Pick<ExitStatus, 'state' | 'detail'>> {
    const { beacon, observer } = this.#options;
    const published = { state: 'published', detail: 'the beacon nodes have it; it is in no block yet' } as const;
    const since = this.#publishedAt.get(pubkey);
    if (since !== undefined && slot < since + SLOTS_PER_EPOCH) return published;
    try {
      await beacon.submitVoluntaryExit({ message: { epoch, validatorIndex }, signature });
    } catch (error) {
      // A node that had it from another may refuse it again.
      if (since !== undefined) return published;
      return { state: 'refused', detail: `the beacon nodes do not take it: ${wordsOf(error)}` };
    }
    this.#publishedAt.set(pubkey, slot);
    observer.stage('exit', slot, 'published', 1);
    return published;
  }

  /** Which exits the others ask for and we do not. By the slot that is over: all of it has come. */
  #hearOthers(slot: number): void {
    const { registry, cluster, threshold, chain } = this.#options;
    if (chain.capellaVersion === null) return;
    for (const member of registry.active) {
      const { pubkey, activationEpoch: epoch } = member;
      if (this.#statuses.get(pubkey)?.own) continue;
      const asked = cluster.signers({ ...this.#usualExit(member, slot), slot: slot - 1 });
      if (asked.length === 0) this.#statuses.delete(pubkey);
      else {
        const detail = `${asked.length} of ${threshold} operators ask for it; this node's does not`;
        this.#set({ pubkey, epoch, own: false, asked, state: 'gathering', detail });
      }
    }
  }

  #usualExit({ pubkey, index, activationEpoch }: Member, slot: number): SigningTask {
    const known = this.#usual.get(pubkey);
    if (known) return known;
    const task = this.#options.tasks.voluntaryExit(pubkey, slot, { epoch: activationEpoch, validatorIndex: index });
    this.#usual.set(pubkey, task);
    return task;
  }

  #set({ own = true, asked = [], ...rest }: Partial<ExitStatus> & Omit<ExitStatus, 'own' | 'asked'>): void {
    const status = { ...rest, own, asked };
    const before = this.#statuses.get(status.pubkey);
    this.#statuses.set(status.pubkey, status);
    const moved = before?.state !== status.state || before.own !== own || before.asked.join() !== asked.join();
    if (!moved) return;
    this.#options.observer.exitMoved(status);
    this.#options.observer.exits(this.status());
  }

  /** What was withdrawn is not ours any more. */
  #forgetBut(asked: ReadonlySet<Pubkey>): void {
    for (const [pubkey, { own }] of this.#statuses) {
      if (!own || asked.has(pubkey)) continue;
      this.#statuses.delete(pubkey);
      this.#publishedAt.delete(pubkey);
    }
  }

  #tellBad(bad: BadExitRequest): void {
    const key = `${bad.file} ${bad.why}`;
    if (this.#toldBad.has(key)) return;
    this.#toldBad.add(key);
    this.#options.observer.badExitRequest(bad);
  }
}

function statusOf(
  pubkey: Pubkey,
  named: number | null,
  outlook: ExitOutlook,
  before: ExitStatus | undefined,
): ExitStatus {
  const epoch = outlook.kind === 'early' ? outlook.epoch : (named ?? before?.epoch ?? null);
  const asked = before?.asked ?? [];
  const state = outlook.kind === 'exiting' || outlook.kind === 'exited' ? outlook.kind : 'waiting';
  return { pubkey, epoch, own: true, asked, state, detail: describeOutlook(outlook) };
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

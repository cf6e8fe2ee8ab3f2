import type { HoldfastError } from '@holdfast/units';
import type { Chain } from '../chain.ts';
import type { Clock } from '../clock.ts';
import type { ClusterObserver } from '../cluster/DvCluster.ts';
import type { DutyObserver } from '../duties/ports.ts';
import { ForkedError, TwinError } from '../errors.ts';
import type { ExitObserver } from '../exits/Exits.ts';
import type { NodeMetrics } from './NodeMetrics.ts';
import { Trace } from './Trace.ts';

export type NodeLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  data: Readonly<Record<string, unknown>>,
) => void;

export interface ReporterOptions {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly metrics: NodeMetrics;
  /** Position in the lock, from 0. */
  readonly self: number;
  readonly peerId: string;
  readonly log: NodeLog;
  /** Told when a duty of a slot was done, or missed. */
  readonly onDuty: (duty: string, slot: number) => void;
  /** What must end the node. */
  readonly halt: (error: HoldfastError) => void;
}

/** Turns what the parts of a node tell into its trace, its metrics and its log. */
export class Reporter {
  readonly trace: Trace;
  readonly #options: ReporterOptions;
  readonly #faults = new Map<number, number>();

  constructor(options: ReporterOptions) {
    const { chain, clock } = options;
    this.#options = options;
    this.trace = new Trace((slot) => clock.nowMs() - chain.startMs(slot));
  }

  /** How often a node did what no honest node does. */
  faultsOf(node: number): number {
    return this.#faults.get(node) ?? 0;
  }

  duties(): DutyObserver {
    const { chain, clock, metrics, log, onDuty } = this.#options;
    return {
      stage: (duty, slot, stage, count) => {
        this.trace.stage(duty, slot, stage, count);
        metrics.stage(duty, stage, (clock.nowMs() - chain.startMs(slot)) / 1000, count);
        if (stage === 'published') onDuty(duty, slot);
      },
      missed: (duty, slot, error) => {
        const why = wordsOf(error);
        this.trace.missed(duty, slot, why);
        metrics.missed(duty);
        log('warn', 'duty.missed', { duty, slot, why });
        onDuty(duty, slot);
      },
      unprepared: (slot, error) => log('warn', 'duty.unprepared', { slot, why: wordsOf(error) }),
    };
  }

  exits(): ExitObserver {
    const { metrics, log } = this.#options;
    return {
      exits: (all) => metrics.exits(all.map(({ state }) => state)),
      exitMoved: ({ state, detail, ...exit }) =>
        log(state === 'refused' ? 'warn' : 'info', `exit.${state}`, { ...exit, why: detail }),
      exitTrouble: (error) => log('warn', 'exit.trouble', { why: wordsOf(error) }),
      badExitRequest: (bad) => log('warn', 'exit.badRequest', { ...bad }),
    };
  }

  cluster(): ClusterObserver {
    const { metrics, log, halt, self, peerId } = this.#options;
    return {
      decided: ({ duty, slot }, round, leader) => {
        this.trace.agreed(duty, slot, round, leader);
        metrics.agreed(duty, round);
      },
      accused: ({ culprit, kind, instance }) => {
        this.#fault(culprit, kind);
        log('error', 'peer.accused', { node: culprit, kind, duty: instance.duty, slot: instance.slot });
        // Evidence against ourselves: another machine signs with this identity.
        if (culprit === self) halt(new TwinError(peerId, ['the evidence']));
      },
      forked: ({ duty, slot }) => halt(new ForkedError(duty, slot)),
      dropped: (node, reason) => {
        if (reason !== 'replayed' && reason !== 'stale') this.#fault(node, reason);
      },
      refused: (task, error) => {
        metrics.refused();
        log('warn', 'share.refused', { type: task.request.type, slot: task.slot, why: wordsOf(error) });
      },
      culprit: (index, slot) => {
        this.#fault(index - 1, 'badPartial');
        log('error', 'peer.badPartial', { node: index - 1, slot });
      },
      offence: (index, kind) => {
        if (kind !== 'repeated' && kind !== 'stale') this.#fault(index - 1, kind);
      },
      partial: (index, slot) => this.trace.partial(index - 1, slot),
      peer: (node, up) => {
        metrics.peer(node, up);
        log(up ? 'info' : 'warn', up ? 'peer.up' : 'peer.down', { node });
      },
      twin: (error) => halt(error),
    };
  }

  #fault(node: number, kind: string): void {
    this.#faults.set(node, this.faultsOf(node) + 1);
    this.#options.metrics.fault(node, kind);
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

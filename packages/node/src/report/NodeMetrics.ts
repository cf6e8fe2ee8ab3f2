import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DutyStage } from '../duties/ports.ts';
import { EXIT_STATES, type ExitState } from '../exits/Exits.ts';

/** A node's metrics, by the conventions of Prometheus. */
export class NodeMetrics {
  readonly registry = new Registry();
  readonly #stages: Histogram<'duty' | 'stage'>;
  readonly #done: Counter<'duty'>;
  readonly #missed: Counter<'duty'>;
  readonly #rounds: Histogram<'duty'>;
  readonly #peers: Gauge<'node'>;
  readonly #faults: Counter<'node' | 'kind'>;
  readonly #refused: Counter;
  readonly #exits: Gauge<'state'>;

  /** @param able whether duties can be done now */
  constructor(able: () => boolean) {
    const registers = [this.registry];
    new Gauge({
      name: 'holdfast_node_able',
      help: 'Whether duties can be done (1): enough nodes can be reached and nothing stopped this one; or not (0)',
      registers,
      collect() {
        this.set(able() ? 1 : 0);
      },
    });
    this.#stages = new Histogram({
      name: 'holdfast_node_duty_stage_seconds',
      help: 'When duties reached each stage, seconds after the start of the slot',
      labelNames: ['duty', 'stage'],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12],
      registers,
    });
    this.#done = new Counter({
      name: 'holdfast_node_duties_published_total',
      help: 'Objects published, one for each validator',
      labelNames: ['duty'],
      registers,
    });
    this.#missed = new Counter({
      name: 'holdfast_node_duties_missed_total',
      help: 'Duties that failed or came too late',
      labelNames: ['duty'],
      registers,
    });
    this.#rounds = new Histogram({
      name: 'holdfast_node_agreement_rounds',
      help: 'Rounds that agreements took',
      labelNames: ['duty'],
      buckets: [1, 2, 3, 4, 6, 10],
      registers,
    });
    this.#peers = new Gauge({
      name: 'holdfast_node_peer_up',
      help: 'Whether a node of the cluster can be reached (1) or not (0)',
      labelNames: ['node'],
      registers,
    });
    this.#faults = new Counter({
      name: 'holdfast_node_peer_faults_total',
      help: 'What nodes did that no honest node does: bad partial signatures, equivocation, malformed messages',
      labelNames: ['node', 'kind'],
      registers,
    });
    this.#refused = new Counter({
      name: 'holdfast_node_share_refusals_total',
      help: 'Times that our own signer refused or failed to sign with our share',
      registers,
    });
    this.#exits = new Gauge({
      name: 'holdfast_node_exits',
      help: 'Voluntary exits that operators of this cluster ask for, by how far they came',
      labelNames: ['state'],
      registers,
    });
    this.exits([]);
  }

  stage(duty: string, stage: DutyStage, seconds: number, count: number): void {
    this.#stages.observe({ duty, stage }, seconds);
    if (stage === 'published') this.#done.inc({ duty }, count);
  }

  missed(duty: string): void {
    this.#missed.inc({ duty });
  }

  agreed(duty: string, rounds: number): void {
    this.#rounds.observe({ duty }, rounds);
  }

  peer(node: number, up: boolean): void {
    this.#peers.set({ node: String(node) }, up ? 1 : 0);
  }

  fault(node: number, kind: string): void {
    this.#faults.inc({ node: String(node), kind });
  }

  exits(states: readonly ExitState[]): void {
    for (const state of EXIT_STATES) this.#exits.set({ state }, states.filter((each) => each === state).length);
  }

  refused(): void {
    this.#refused.inc();
  }
}

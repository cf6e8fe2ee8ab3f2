import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { SignerHooks } from './service.ts';

/** How a request to sign ended. */
export type Outcome =
  | 'signed'
  | 'bad_request'
  | 'unauthorized'
  | 'rate_limited'
  | 'unknown_key'
  | 'refused'
  | 'unavailable'
  | 'error';

/** From under a millisecond, one signature, to the four seconds after which an attestation is late. */
const SECONDS_BUCKETS = [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1, 2, 4];
const COMMIT_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Labelled children of a metric, looked up once: finding one by its labels costs more than counting. */
class Children<K, V> {
  readonly #make: (key: K) => V;
  readonly #made = new Map<K, V>();

  constructor(make: (key: K) => V) {
    this.#make = make;
  }

  getOrInsert(key: K): V {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#make(key);
    this.#made.set(key, made);
    return made;
  }
}

/** What the metrics read when they are collected. */
export interface MetricsSources {
  readonly version: string;
  readonly keysLoaded: () => number;
}

/** The signer's metrics, by the conventions of Prometheus. Names and labels are stable; no label carries a key. */
export class SignerMetrics {
  readonly registry = new Registry();
  /** Requests that are being worked on. */
  inFlight = 0;
  readonly #requestsByLabel: Children<string, Children<Outcome, { inc(): void }>>;
  readonly #stageByName: Children<string, { observe(seconds: number): void }>;
  readonly #refused: Counter<'rule'>;
  readonly #commits: Histogram;

  constructor({ version, keysLoaded }: MetricsSources) {
    const registers = [this.registry];
    const requests = new Counter({
      name: 'holdfast_signer_requests_total',
      help: 'Requests to sign, by type and by how they ended',
      labelNames: ['type', 'outcome'],
      registers,
    });
    const stages = new Histogram({
      name: 'holdfast_signer_request_duration_seconds',
      help: 'Time spent on requests that were signed or refused, by stage; total is the whole',
      labelNames: ['stage'],
      buckets: SECONDS_BUCKETS,
      registers,
    });
    this.#requestsByLabel = new Children((type) => new Children((outcome) => requests.labels(type, outcome)));
    this.#stageByName = new Children((stage) => stages.labels(stage));
    this.#refused = new Counter({
      name: 'holdfast_signer_refused_total',
      help: 'Requests refused, by the rule that refused them',
      labelNames: ['rule'],
      registers,
    });
    this.#commits = new Histogram({
      name: 'holdfast_signer_protection_commit_duties',
      help: 'Duties recorded by one commit of the slashing protection',
      buckets: COMMIT_BUCKETS,
      registers,
    });
    new Gauge({ name: 'holdfast_signer_build_info', help: '1', labelNames: ['version'], registers }).set(
      { version },
      1,
    );
    gauge(registers, 'holdfast_signer_keys_loaded', 'Keys that can sign', keysLoaded);
    gauge(
      registers,
      'holdfast_signer_requests_in_flight',
      'Requests to sign that are being worked on',
      () => this.inFlight,
    );
    gauge(registers, 'process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
    gauge(registers, 'process_start_time_seconds', 'When the process began, in Unix time', startedAt);
    gauge(registers, 'process_cpu_seconds_total', 'Processor time used, user and system', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
  }

  /** `type` must be one of a fixed set: it becomes a label. */
  request(type: string, outcome: Outcome): void {
    const outcomes = this.#requestsByLabel.getOrInsert(type);
    outcomes.getOrInsert(outcome).inc();
  }

  stage(stage: string, seconds: number): void {
    this.#stageByName.getOrInsert(stage).observe(seconds);
  }

  /** For the signing service: how long each stage of a request took. */
  readonly hooks: SignerHooks = {
    onSign: ({ outcome, checkMs, protectMs, signMs }) => {
      this.stage('check', checkMs / 1000);
      if (protectMs > 0) this.stage('protect', protectMs / 1000);
      if (outcome === 'signed') this.stage('sign', signMs / 1000);
    },
  };

  refused(rule: string): void {
    this.#refused.inc({ rule });
  }

  commit(duties: number): void {
    this.#commits.observe(duties);
  }
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}

const startedAt = (): number => Math.round(Date.now() / 1000 - process.uptime());

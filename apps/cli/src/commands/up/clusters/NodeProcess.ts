import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/units';
import type { NodeDigest, NodeOrder, NodeReport } from './protocol.ts';

const CHILD = join(import.meta.dirname, 'child.ts');
/** How long a node may take to have everything on disk, in milliseconds. */
const STOP_MS = 10_000;
/**
 * Sixteen nodes share one small machine: a node has little to do at a time, so it gets few threads, and gives memory back
 * rather than keeping it for the next burst.
 */
const SMALL = ['--max-semi-space-size=1', '--max-old-space-size=128', '--optimize-for-size', '--v8-pool-size=1'];
const SMALL_ENVIRONMENT = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '2' };

/** A node process of `up` that did not start, or is not there to be broken. Its log, named in `data`, says more. */
export class ClusterNodeError extends HoldfastError {
  constructor(why: string, data: Readonly<Record<string, unknown>>, fix = 'See its log') {
    super('CLI_CLUSTER_NODE', why, { data, fix });
  }
}

export type ProcessState = 'waiting' | 'starting' | 'up' | 'down' | 'frozen';

export interface NodeProcessOptions {
  /** From 1. */
  readonly node: number;
  readonly directory: string;
  readonly onDigest: (digest: NodeDigest) => void;
}

/** One node of a cluster: a process, a directory, a share and a memory of its own. It may be killed and started again. */
export class NodeProcess {
  /** From 1. */
  readonly node: number;
  readonly directory: string;
  readonly #onDigest: (digest: NodeDigest) => void;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #state: ProcessState = 'waiting';
  #statusUrl: string | null = null;
  #digest: NodeDigest | null = null;
  #cutOff = false;
  #corrupt = false;

  constructor({ node, directory, onDigest }: NodeProcessOptions) {
    this.node = node;
    this.directory = directory;
    this.#onDigest = onDigest;
  }

  get state(): ProcessState {
    return this.#state;
  }

  get cutOff(): boolean {
    return this.#cutOff;
  }

  get corrupt(): boolean {
    return this.#corrupt;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Where its metrics, its status and its health are; null before it is up. */
  get statusUrl(): string | null {
    return this.#statusUrl;
  }

  /** What it said last; null when it does not run. */
  get digest(): NodeDigest | null {
    return this.#digest;
  }

  /** Resolves when its links are begun. @throws ClusterNodeError */
  async start(): Promise<void> {
    if (this.#child) return;
    this.#state = 'starting';
    const logPath = `${this.directory}.log`;
    const log = openSync(logPath, 'a', 0o600);
    const child = fork(CHILD, [this.directory], {
      stdio: ['ignore', log, log, 'ipc'],
      env: environment(),
      execArgv: SMALL,
      // A process group of its own: a Ctrl-C in the terminal is for `up`.
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        if (this.#child === child) this.#gone();
        resolve();
      };
      child.once('exit', over);
      child.once('error', over);
    });
    const ready = new Promise<boolean>((resolve) => {
      child.on('message', (report: NodeReport) => {
        if (this.#child !== child) return;
        if (report.report === 'ready') {
          this.#statusUrl = report.statusUrl;
          this.#state = 'up';
          resolve(true);
        } else {
          this.#digest = report.digest;
          this.#onDigest(report.digest);
        }
      });
      void this.#ended.then(() => resolve(false));
    });
    if (!(await ready)) throw new ClusterNodeError('the node did not start', { node: this.node, log: logPath });
  }

  tell(order: NodeOrder): void {
    if (order.order === 'cutOff') this.#cutOff = order.on;
    if (order.order === 'corrupt') this.#corrupt = order.on;
    // A node that dies in this moment hears nothing any more; its end is seen elsewhere.
    if (this.#child?.connected) this.#child.send(order, () => undefined);
  }

  /** At once, without a word: as when the power fails. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** It holds its links open and does nothing. */
  freeze(): void {
    if (this.#state !== 'up') return;
    this.#child?.kill('SIGSTOP');
    this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#child?.kill('SIGCONT');
    this.#state = 'up';
  }

  /** It ends what it does, has it on disk, and goes. */
  async stop(): Promise<void> {
    this.thaw();
    this.tell({ order: 'stop' });
    const killer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_MS);
    await this.#ended;
    clearTimeout(killer);
  }

  #gone(): void {
    this.#child = null;
    this.#state = 'down';
    this.#statusUrl = null;
    this.#digest = null;
    this.#cutOff = false;
    this.#corrupt = false;
  }
}

/** Nothing that configures other commands on this machine. */
function environment(): NodeJS.ProcessEnv {
  const clean = Object.entries(process.env).filter(([name]) => !/^(?:HOLDFAST_|VITEST|NODE_)/.test(name));
  return { ...Object.fromEntries(clean), ...SMALL_ENVIRONMENT };
}

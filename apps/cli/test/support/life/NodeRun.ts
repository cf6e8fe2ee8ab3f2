import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cli, type Ended } from '../cli.ts';
import { command } from '../cluster.ts';
import type { InterchangeLike } from '../slashable.ts';

export interface NodeStatus {
  readonly stopped: string | null;
  readonly nodes: readonly { readonly node: number; readonly up: boolean; readonly faults: number }[];
  readonly duties: readonly { readonly duty: string; readonly slot: number; readonly missed?: string }[];
}

const LINES_KEPT = 30;

/** `holdfast node` of one directory: a process that is started, killed and started again. */
export class NodeRun {
  /** From 1. */
  readonly node: number;
  readonly directory: string;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #cli: Cli | null = null;
  #statusUrl = '';
  /** What it said last, over all of its lives. */
  #told: readonly string[] = [];

  constructor(node: number, directory: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    this.node = node;
    this.directory = directory;
    this.#args = args;
    this.#env = env;
  }

  /** For whoever asks why a test failed. */
  get told(): string {
    return this.#told.map((line) => `node ${this.node}: ${line}\n`).join('');
  }

  /** Resolves when it is at work. */
  async start(): Promise<void> {
    this.#cli = new Cli(['node', '--data-dir', this.directory, '--metrics-port', '0', '--json', ...this.#args], {
      env: this.#env,
    });
    this.#cli.child.stdout!.on('data', (chunk: Buffer) => {
      this.#told = [...this.#told, ...chunk.toString().trimEnd().split('\n')].slice(-LINES_KEPT);
    });
    this.#statusUrl = String((await this.#cli.ready()).statusUrl);
  }

  /** As when the power fails. */
  async kill(): Promise<void> {
    await this.#cli!.kill('SIGKILL');
  }

  stop(): Promise<Ended> {
    return this.#cli!.kill('SIGTERM');
  }

  line(event: string): Promise<Record<string, unknown>> {
    return this.#cli!.line((line) => line.event === event);
  }

  async status(): Promise<NodeStatus> {
    return (await (await fetch(`${this.#statusUrl}/status`)).json()) as NodeStatus;
  }

  async health(): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.#statusUrl}/healthz`);
    return { status: response.status, text: (await response.text()).trim() };
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.#statusUrl}/metrics`)).text();
  }

  history(): Promise<InterchangeLike> {
    return historyIn(this.directory);
  }
}

/** What the shares of a directory signed, by `holdfast protection export`, which needs the node stopped. */
export async function historyIn(directory: string): Promise<InterchangeLike> {
  const out = join(directory, 'history.json');
  const {
    code,
    out: told,
    err,
  } = await command(directory, ['protection', 'export', '--data-dir', directory, '--out', out]);
  if (code !== 0) throw new Error(told + err);
  const text = readFileSync(out, 'utf8');
  rmSync(out);
  return JSON.parse(text) as InterchangeLike;
}

/** Resolves when all of these nodes reach each other. */
export async function meshed(nodes: readonly NodeRun[]): Promise<void> {
  const members = nodes.map(({ node }) => node - 1);
  for (const node of nodes) {
    const reaches = async (): Promise<boolean> =>
      (await node.status()).nodes.every(({ node: other, up }) => up || !members.includes(other));
    await until(reaches, `node ${node.node} reaches the others`);
  }
}

/** @throws what it waited for, when that does not come */
export async function until(reached: () => Promise<boolean> | boolean, what: string, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await reached())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await sleep(100);
  }
}

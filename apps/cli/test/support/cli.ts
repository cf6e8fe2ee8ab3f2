import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Io } from '../../src/io.ts';
import { run } from '../../src/run.ts';

export const ROOT = join(import.meta.dirname, '../../../..');
const MAIN = join(ROOT, 'apps/cli/src/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: node, with the command's script. */
  readonly program?: string;
}

/** A `holdfast` process as a user starts one: the command line, nothing inherited that would configure it. */
export class Cli {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #out = '';
  #err = '';
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], options: CliOptions = {}) {
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(?:HOLDFAST_|LODESTAR_|VITEST|NODE_OPTIONS)/.test(name),
    );
    const [program, script] = options.program ? [options.program, []] : [process.execPath, [MAIN]];
    this.child = spawn(program, [...script, ...args], {
      env: { ...Object.fromEntries(clean), ...options.env },
      cwd: options.cwd ?? tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const heard = (add: (text: string) => void) => (chunk: Buffer) => {
      add(chunk.toString());
      for (const wake of this.#waiting) wake();
    };
    this.child.stdout!.on(
      'data',
      heard((text) => {
        this.#out += text;
      }),
    );
    this.child.stderr!.on(
      'data',
      heard((text) => {
        this.#err += text;
      }),
    );
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal, out: this.#out, err: this.#err }));
    });
    running.add(this);
    void this.ended.then(() => {
      running.delete(this);
      for (const wake of this.#waiting) wake();
    });
  }

  /** The first line of output, as JSON, that `wanted` accepts. Rejects when the process ends without one. */
  async line(wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    for (;;) {
      for (const text of this.#out.split('\n').slice(0, -1)) {
        const line = JSON.parse(text) as Record<string, unknown>;
        if (wanted(line)) return line;
      }
      if (!running.has(this)) throw new Error(`ended without the line: ${this.#out}${this.#err}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  ready(): Promise<Record<string, unknown>> {
    return this.line(({ event }) => event === 'ready');
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

const running = new Set<Cli>();

/** For `afterAll`: no test leaves a process behind. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((cli) => cli.kill('SIGKILL')));
}

/** Runs a command to its end. */
export const holdfast = (args: readonly string[], options?: CliOptions): Promise<Ended> => new Cli(args, options).ended;

/** A directory that `dispose` removes. */
export function temporary(): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-cli-test-'));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** Whether somebody listens at the port of `url`. */
export function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A control endpoint of the devnet. */
export async function control(devnetUrl: string, path: string, body?: object): Promise<unknown> {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) };
  const response = await fetch(`${devnetUrl}/holdfast/v1/${path}`, body === undefined ? {} : post);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { data: unknown }).data;
}

/** The same in this process, for short commands: it saves starting Node. */
export async function inProcess(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    live: false,
    color: false,
    env: {},
    cwd,
  };
  const code = await run(args, io, new AbortController().signal);
  return { code, out, err };
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

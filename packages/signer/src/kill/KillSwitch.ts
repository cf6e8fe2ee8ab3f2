import { closeSync, fsyncSync, lstatSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KilledError, KillSwitchError } from './errors.ts';

/** Its presence in the data directory is the switch; its text only tells who and why. `touch` is enough. */
export const KILL_FILE = 'KILLED';

/** Who pulled the switch, how and why. */
export interface Killed {
  readonly by: string;
  readonly why: string;
  /** ISO 8601; empty when the file does not say. */
  readonly at: string;
  /** False when the disk refused: then a restart would forget it. */
  readonly durable: boolean;
}

export interface KillSwitchOptions {
  readonly directory: string;
  /** Told when the switch is pulled or released, also by another process. */
  readonly onChange?: (killed: Killed | null) => void;
  /** How often the file is looked at for `onChange`, in milliseconds; each request looks anyway. */
  readonly watchMs?: number;
}

const WATCH_MS = 500;
const TEXT_MAX = 500;

/**
 * Stops all signing at once, and survives a restart: a file, fsynced before the switch counts as pulled. Every check looks
 * at the disk (one stat, about a microsecond), so whoever can write a file can stop the signer, whatever state it is in.
 * What cannot be looked at counts as pulled.
 */
export class KillSwitch {
  readonly path: string;
  readonly #directory: string;
  readonly #onChange: (killed: Killed | null) => void;
  readonly #watchMs: number;
  #timer: NodeJS.Timeout | null = null;
  /** Set when the disk refused the file. */
  #inMemory: Killed | null = null;
  #told = false;

  constructor(options: KillSwitchOptions) {
    this.#directory = options.directory;
    this.path = join(options.directory, KILL_FILE);
    this.#onChange = options.onChange ?? (() => undefined);
    this.#watchMs = options.watchMs ?? WATCH_MS;
  }

  /** Tells `onChange` of what other processes do. Stop it with `close`. */
  watch(): void {
    this.#timer ??= setInterval(() => this.#tell(), this.#watchMs);
    this.#timer.unref();
    this.#tell();
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** For before each signature, and again before it is released. @throws KilledError */
  check(): void {
    if (!this.#pulled()) return;
    this.#tell();
    const { by, why, at } = this.state()!;
    throw new KilledError({ data: { by, why, at } });
  }

  /** Null while signing is allowed. */
  state(): Killed | null {
    if (!this.#pulled()) return null;
    return this.#inMemory ?? readKilled(this.path);
  }

  /**
   * Stops signing; returns when that is on disk.
   *
   * @throws KillSwitchError when the disk refuses: signing is stopped all the same, until this process ends
   */
  kill(who: { readonly by: string; readonly why?: string }): Killed {
    const killed: Killed = {
      by: who.by.slice(0, TEXT_MAX),
      why: (who.why ?? '').slice(0, TEXT_MAX),
      at: new Date().toISOString(),
      durable: true,
    };
    this.#inMemory = { ...killed, durable: false };
    if (!exists(this.path)) this.#write(killed);
    this.#inMemory = null;
    this.#tell();
    return readKilled(this.path);
  }

  /** Allows signing again: an explicit act. @throws KillSwitchError when the file cannot be removed */
  resume(): void {
    try {
      rmSync(this.path, { force: true });
      syncDirectory(this.#directory);
    } catch (cause) {
      throw new KillSwitchError('the kill switch cannot be released', { data: { path: this.path }, cause });
    }
    this.#inMemory = null;
    this.#tell();
  }

  #write(killed: Killed): void {
    const temporary = `${this.path}.tmp`;
    const { by, why, at } = killed;
    try {
      const file = openSync(temporary, 'w', 0o600);
      try {
        writeSync(file, `${JSON.stringify({ by, why, at })}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, this.path);
      syncDirectory(this.#directory);
    } catch (cause) {
      this.#tell();
      throw new KillSwitchError('signing is stopped, but only until this process ends: the disk refuses the file', {
        data: { path: this.path },
        fix: 'Free the disk and pull the switch again, or stop the signer',
        cause,
      });
    }
  }

  #pulled(): boolean {
    return this.#inMemory !== null || exists(this.path);
  }

  #tell(): void {
    const pulled = this.#pulled();
    if (pulled === this.#told) return;
    this.#told = pulled;
    this.#onChange(this.state());
  }
}

/** Whether the file is there, or it cannot be told: then it counts as there. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

function readKilled(path: string): Killed {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null;
    const text = (name: string): string => (typeof value?.[name] === 'string' ? value[name].slice(0, TEXT_MAX) : '');
    return { by: text('by') || 'a file', why: text('why'), at: text('at'), durable: true };
  } catch {
    return { by: 'a file', why: '', at: '', durable: true };
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

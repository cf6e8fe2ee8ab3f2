import { setTimeout as sleep } from 'node:timers/promises';
import { ProtectionBusyError, ProtectionClosedError } from './errors.ts';
import type { Duty, Verdict } from './port.ts';

interface Claims {
  readonly duties: readonly Duty[];
  readonly resolve: (verdicts: readonly Verdict[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Alone {
  readonly run: () => Promise<void>;
}

/** What whoever opens a store may hear, and say, of its commits. */
export interface CommitHooks {
  /** Told how many duties each commit decided, for metrics. Must not throw. */
  readonly onCommit?: ((duties: number) => void) | undefined;
  /**
   * Whether those who ask have earlier verdicts to work on still: then claims gather for up to 4 ms and share a commit, which
   * costs nobody anything and saves most of what a commit costs. Must not throw.
   */
  readonly gatherWhile?: (() => boolean) | undefined;
}

export interface GroupCommitOptions extends CommitHooks {
  readonly batchMax?: number;
  readonly queueMax?: number;
}

/** Longest that claims gather. Milliseconds: a few signatures' time. */
const GATHER_MS = 4;

/**
 * One commit at a time, and everything that was asked while it ran goes into the next one. A single claim waits for nothing but
 * its own commit; a thousand at once share one fsync.
 */
export class GroupCommit {
  readonly #commit: (duties: readonly Duty[]) => Promise<readonly Verdict[]>;
  readonly #batchMax: number;
  readonly #queueMax: number;
  readonly #onCommit: (duties: number) => void;
  readonly #gatherWhile: () => boolean;
  readonly #queue: (Claims | Alone)[] = [];
  #queued = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(
    commit: (duties: readonly Duty[]) => Promise<readonly Verdict[]>,
    {
      batchMax = 8192,
      queueMax = 262_144,
      onCommit = () => undefined,
      gatherWhile = () => false,
    }: GroupCommitOptions = {},
  ) {
    this.#commit = commit;
    this.#batchMax = batchMax;
    this.#queueMax = queueMax;
    this.#onCommit = onCommit;
    this.#gatherWhile = gatherWhile;
  }

  /** The verdicts of these duties, which stay together in one commit. */
  submit(duties: readonly Duty[]): Promise<readonly Verdict[]> {
    if (duties.length === 0) return Promise.resolve([]);
    if (this.#queued > 0 && this.#queued + duties.length > this.#queueMax)
      return Promise.reject(
        new ProtectionBusyError('too many duties are waiting', {
          data: { waiting: this.#queued, max: this.#queueMax },
        }),
      );
    return new Promise((resolve, reject) => {
      this.#queued += duties.length;
      this.#enqueue({ duties, resolve, reject }, reject);
    });
  }

  /** Runs `work` in its turn, with no commit before it is done. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue({ run: () => work().then(resolve, reject) }, reject);
    });
  }

  /** Takes nothing more and waits until the queue is empty. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  #enqueue(entry: Claims | Alone, reject: (error: unknown) => void): void {
    if (this.#closed) {
      reject(new ProtectionClosedError('the protection store is closed'));
      return;
    }
    this.#queue.push(entry);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // What else is asked in this turn of the event loop comes along.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const head = this.#queue[0]!;
      if ('run' in head) {
        this.#queue.shift();
        await head.run();
      } else {
        for (let ms = 0; ms < GATHER_MS && this.#gatherWhile(); ms += 1) await sleep(1);
        await this.#commitTogether(this.#takeClaims());
      }
    }
    // In the same turn as the last look at the queue: whoever asks next must find either this run or none.
    this.#running = undefined;
  }

  /** The claims at the head of the queue, as many as one commit takes, at least one. */
  #takeClaims(): Claims[] {
    let [count, duties] = [0, 0];
    for (const entry of this.#queue) {
      if ('run' in entry || (count > 0 && duties + entry.duties.length > this.#batchMax)) break;
      count += 1;
      duties += entry.duties.length;
    }
    this.#queued -= duties;
    return this.#queue.splice(0, count) as Claims[];
  }

  async #commitTogether(claims: readonly Claims[]): Promise<void> {
    try {
      const verdicts = await this.#commit(
        claims.length === 1 ? claims[0]!.duties : claims.flatMap(({ duties }) => duties),
      );
      this.#onCommit(verdicts.length);
      let from = 0;
      for (const { duties, resolve } of claims) {
        resolve(verdicts.slice(from, from + duties.length));
        from += duties.length;
      }
    } catch (error) {
      for (const { reject } of claims) reject(error);
    }
  }
}

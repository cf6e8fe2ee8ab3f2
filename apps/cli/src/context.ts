import type { Io } from './io.ts';
import type { CommonOptions } from './options/common.ts';
import { jsonLine } from './ui/json.ts';
import { Progress } from './ui/progress.ts';
import { styles } from './ui/style.ts';

/** What a command works with beside its own options. */
export interface Context {
  readonly io: Io;
  readonly json: boolean;
  readonly progress: Progress;
  /** Fires when the command is asked to stop (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal;
  /** A result for people; nothing with `--json`. */
  say(text: string): void;
  /** A result for programs; nothing without `--json`. */
  tell(value: unknown): void;
  warn(text: string): void;
  readonly style: ReturnType<typeof styles>;
}

export function makeContext(io: Io, options: CommonOptions, signal: AbortSignal): Context {
  const json = options.json === true;
  const quiet = { write: () => undefined, live: false, color: false, now: () => performance.now() };
  const port = json ? quiet : { write: io.err, live: io.live, color: io.color, now: () => performance.now() };
  const progress = new Progress(port);
  const style = styles(io.color);
  return {
    io,
    json,
    progress,
    signal,
    style,
    say: (text) => {
      if (!json) io.out(text);
    },
    tell: (value) => {
      if (json) io.out(jsonLine(value));
    },
    warn: (text) => (json ? io.err(`warning: ${text}\n`) : progress.note(style.yellow(`! ${text}`))),
  };
}

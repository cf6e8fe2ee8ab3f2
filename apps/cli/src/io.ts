/** Everything by which a command touches its terminal and its surroundings. */
export interface Io {
  /** Results: what a program downstream reads. */
  readonly out: (text: string) => void;
  /** Progress, warnings and errors: what a person reads. */
  readonly err: (text: string) => void;
  /** Whether `err` is a terminal that can rewrite its line. */
  readonly live: boolean;
  /** Whether colours are wanted (a terminal, and no NO_COLOR). */
  readonly color: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export function processIo(): Io {
  const { env, stdout, stderr } = process;
  // Whoever reads us may go (`| head`): that is no failure of ours.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  const live = stderr.isTTY === true && env.TERM !== 'dumb' && !env.CI;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    live,
    color: live && !env.NO_COLOR,
    env,
    cwd: process.cwd(),
  };
}

/** What `holdfast` ends with. Scripts rely on these numbers: they do not change. */
export const EXIT = {
  ok: 0,
  /** A check was made and failed: the backing is refuted. */
  refuted: 1,
  /** The command line, the environment, a configuration or a key file is wrong; nothing was done. */
  usage: 2,
  /** A node cannot be reached, stalls or answers with errors. */
  network: 3,
  /** The work itself failed: a contract refused a call, a deployment does not fit what is there. */
  failed: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `Exit codes:
  0  done; for verify: proven
  1  a check failed; for verify: refuted
  2  bad usage: a flag, a setting, a configuration or a key file is wrong
  3  a node cannot be reached, or does not answer as it must
  4  the work itself failed`;

import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import { withoutSecrets } from './net/urls.ts';
import { makeProgram } from './program.ts';
import { reportOf } from './report.ts';
import { Stopped } from './stop.ts';
import { jsonLine } from './ui/json.ts';
import { styles } from './ui/style.ts';

/** Runs one command line (without `node` and the script) and returns what to exit with. Never throws. */
export async function run(argv: readonly string[], io: Io, signal: AbortSignal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = makeProgram(io, signal, (given) => {
    code = given;
  });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    // What was under way when it was asked to stop fails in its own ways; that is not news.
    if (error instanceof Stopped || signal.aborted) return EXIT.ok;
    return tell(error, argv, io);
  }
}

function tell(error: unknown, argv: readonly string[], io: Io): ExitCode {
  const { exitCode, ...report } = reportOf(error);
  if (argv.includes('--json')) {
    io.out(withoutSecrets(jsonLine({ error: report })));
  } else {
    const { bold, dim, red } = styles(io.color);
    // A fix may stand in the message already.
    const fix = report.fix === undefined || report.message.includes(report.fix) ? '' : `  ${report.fix}\n`;
    const causes = (report.causes ?? []).map((cause) => dim(`  because: ${cause}\n`)).join('');
    io.err(`${red(bold('error'))} ${report.code}: ${report.message}\n${fix}${causes}`);
  }
  if (argv.includes('--debug') && error instanceof Error) io.err(`${withoutSecrets(error.stack ?? error.message)}\n`);
  return exitCode;
}

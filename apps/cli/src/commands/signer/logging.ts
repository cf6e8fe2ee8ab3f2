import { createLog, type Log, type LogLevel } from '@holdfast/signer';
import type { Context } from '../../context.ts';
import { withoutSecrets } from '../../net/urls.ts';

/** The signer's log on standard error: JSON lines with `--json`, else a line for people. */
export function signerLog(level: LogLevel, context: Context): Log {
  const { io, json } = context;
  const write = json ? (line: string) => io.err(withoutSecrets(line)) : (line: string) => io.err(lineOf(line, context));
  return createLog({ level, destination: { write } });
}

function lineOf(json: string, { style }: Context): string {
  const { time, level, msg, err, ...values } = JSON.parse(json) as Record<string, unknown>;
  const paint = level === 'error' || level === 'fatal' ? style.red : level === 'warn' ? style.yellow : style.dim;
  const told = Object.entries(values).map(([name, value]) => `${name}=${shownValue(value)}`);
  const cause = err as { code?: string; message?: string } | undefined;
  if (cause) told.push(`${cause.code ?? ''} ${cause.message ?? ''}`.trim());
  const clock = String(time).slice(11, 19);
  return withoutSecrets(`${style.dim(clock)} ${paint(String(level).padEnd(5))} ${String(msg)} ${told.join(' ')}\n`);
}

const shownValue = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

import { HoldfastError } from '@holdfast/units';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Structured logs: one JSON object a line. */
export type Log = Logger;
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent';

/** Fields that never reach a log, wherever they stand in a logged object (three levels deep). */
const SECRET_FIELDS = [
  'authorization',
  'body',
  'keystore',
  'keystores',
  'passphrase',
  'password',
  'passwords',
  'pin',
  'privateKey',
  'secret',
  'secretKey',
  'secrets',
  'token',
] as const;

/**
 * The signer's log. Nothing secret is ever given to it; that fields with telling names are dropped all the same is the
 * second lock. Below `debug` no line is written for a request that was answered with a signature.
 *
 * @example const log = createLog({ level: 'info' });
 */
export function createLog(options: { readonly level?: LogLevel; readonly destination?: DestinationStream } = {}): Log {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), remove: true },
    serializers: { err: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}

/** An error as it may stand in a log: no headers, no request, none of the fields that libraries hang onto errors. */
function describeError(error: unknown): Record<string, unknown> {
  if (error instanceof HoldfastError) {
    const { code, message, name, cause } = error;
    return { type: name, code, message, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
  }
  if (error instanceof Error) return { type: error.name, message: error.message, stack: error.stack };
  return { type: typeof error };
}

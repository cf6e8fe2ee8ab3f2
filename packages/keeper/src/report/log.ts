/** One line of the keeper's log: an event name and its values, all of them JSON. */
export interface LogEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** In the past tense, such as `action.sent`. Stable. */
  readonly event: string;
  readonly [name: string]: unknown;
}

export type Log = (event: LogEvent) => void;

/** Each event as a line of JSON; bigints as decimal strings, errors by code and message. */
export const jsonLog =
  (write: (line: string) => void): Log =>
  (event) =>
    write(`${JSON.stringify(event, (_name, value) => plain(value))}\n`);

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return describeError(value);
  return value;
}

export interface ErrorDescription {
  /** The Holdfast error code, or the class of any other error. */
  readonly code: string;
  readonly message: string;
}

/** What a log says of an error: one line, never a stack of RPC requests. */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) };
  const code = (error as { code?: unknown }).code;
  const { shortMessage } = error as { shortMessage?: unknown };
  const message = typeof shortMessage === 'string' ? shortMessage : error.message;
  return { code: typeof code === 'string' ? code : error.name, message: message.split('\n')[0]!.slice(0, 500) };
}

/** What a reader of an error needs: the thing and its value, why it was refused, what to do about it. */
export interface ErrorDetails {
  /** The failing values, by name. Printed with the message; never put a secret here. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** What the reader can do about it, as a sentence. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/**
 * The base of every error that Holdfast throws on purpose. `code` is stable and listed in `docs/errors.md`;
 * the message is for people and may change.
 *
 * @example throw new HoldfastError('BEACON_BAD_ROOT', 'the block root is not the one asked for', { data: { slot }, fix: 'ask another node' })
 */
export class HoldfastError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly fix: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    const data = details.data ?? {};
    const named = Object.entries(data).map(([name, value]) => `${name}=${show(value)}`);
    const parts = [message, ...(named.length > 0 ? [`(${named.join(', ')})`] : [])].join(' ');
    super(details.fix ? `${parts}. ${details.fix}` : parts, { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.data = data;
    this.fix = details.fix;
  }
}

/** A value as it stands in a message: short, one line, bigints included. */
function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return value.message;
  const text = JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? inner.toString() : inner));
  return text === undefined ? String(value) : text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

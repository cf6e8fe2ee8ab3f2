/** One line of JSON; amounts beyond 2⁵³ as decimal strings. */
export const jsonLine = (value: unknown): string =>
  `${JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner))}\n`;

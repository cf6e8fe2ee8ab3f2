import { InvalidArgumentError } from 'commander';

/** A whole number within bounds, both included. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

export const port = integer(0, 65_535);

/** An http(s) URL without its trailing slash. Not repeated in the message: it may hold a key. */
export function url(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (parsed && (parsed.protocol === 'http:' || parsed.protocol === 'https:')) return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('It must be a URL such as http://127.0.0.1:8545.');
}

/** For an option that may be given several times, or once with commas. */
export const urls = (text: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  ...text.split(',').map((part) => url(part.trim())),
];

/** Validators by index or public key, separated by commas. */
export function validators(text: string, before: readonly (number | `0x${string}`)[] | undefined) {
  const refs = text.split(',').map((part) => {
    const ref = part.trim();
    if (/^\d{1,9}$/.test(ref)) return Number(ref);
    if (/^0x[0-9a-fA-F]{96}$/.test(ref)) return ref as `0x${string}`;
    throw new InvalidArgumentError('Write indices or 48-byte public keys, separated by commas.');
  });
  return [...(before ?? []), ...refs];
}

export function address(text: string): `0x${string}` {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text as `0x${string}`;
  throw new InvalidArgumentError('It must be an address: 0x and 40 hex digits.');
}

/** Wei, in whole digits. */
export function wei(text: string): bigint {
  if (/^\d{1,30}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It must be an amount of wei in digits.');
}

/** An amount in gwei per gas as people write it, `1.5`; returns wei. */
export function gweiPerGas(text: string): bigint {
  const match = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text);
  if (match) return BigInt(match[1]!) * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
  throw new InvalidArgumentError('It must be an amount of gwei such as 30 or 1.5.');
}

const ETH = 10n ** 18n;
const GWEI = 10n ** 9n;
/** Groups of three are held together by a thin space that does not break. */
const THIN = '\u202f';

const group = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, THIN);

/** Wei as ether with a fixed number of decimals, cut, never rounded up: no amount looks larger than it is. */
export function eth(wei: bigint | string, decimals = 4): string {
  const value = BigInt(wei);
  const sign = value < 0n ? '−' : '';
  const absolute = value < 0n ? -value : value;
  const whole = group((absolute / ETH).toString());
  if (decimals === 0) return `${sign}${whole}`;
  const fraction = (absolute % ETH).toString().padStart(18, '0').slice(0, decimals);
  return `${sign}${whole}.${fraction}`;
}

export const gweiEth = (gwei: bigint | string, decimals = 4): string => eth(BigInt(gwei) * GWEI, decimals);

/** A rate: nine decimals, of which the last three groups can be told apart. */
export function rateDigits(rate: bigint | string): { readonly whole: string; readonly fraction: readonly string[] } {
  const [whole, fraction] = eth(rate, 9).split('.') as [string, string];
  return { whole, fraction: [fraction.slice(0, 3), fraction.slice(3, 6), fraction.slice(6, 9)] };
}

export const short = (hex: string): string => `${hex.slice(0, 6)}…${hex.slice(-4)}`;

export const whole = (value: number | string): string => group(String(value));

/** A length of time, in the two largest units that matter. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}${THIN}s`;
  if (s < 3_600) return `${Math.floor(s / 60)}${THIN}min ${s % 60}${THIN}s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)}${THIN}h ${Math.floor((s % 3_600) / 60)}${THIN}min`;
  return `${Math.floor(s / 86_400)}${THIN}d ${Math.floor((s % 86_400) / 3_600)}${THIN}h`;
}

export const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const percent = (part: bigint, of: bigint): number =>
  of === 0n ? 0 : Number((part * 1_000_000n) / of) / 10_000;

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${whole(count)} ${count === 1 ? one : many}`;
